import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';

/** The socket of the core, in a fresh folder that only this user can enter: whoever reaches it is the edge. */
export function createCoreSocket() {
  let folder: string | undefined;

  /** Begins to listen; resolves with the path of the socket. */
  async function listen(app: FastifyInstance): Promise<string> {
    const path = makePath();
    await app.ready();
    await app.listen({ path });
    return path;
  }

  function makePath(): string {
    if (process.platform === 'win32') return `\\\\.\\pipe\\mosaic-coordinator-${randomUUID()}`;
    // mkdtemp makes it with mode 0700.
    folder = mkdtempSync(join(tmpdir(), 'mosaic-core-'));
    return join(folder, 'core.sock');
  }

  function remove(): void {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }

  return { listen, remove };
}
