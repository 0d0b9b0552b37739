import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';

const prefix = 'mosaic-core-';
const socketName = 'core.sock';
/** Age of a folder from which a socket that nobody listens on was left by a kill: another start may be about to listen. */
const leftoverMs = 60_000;

/** The socket of the core, in a fresh folder that only this user can enter: whoever reaches it is the edge. */
export function createCoreSocket() {
  let folder: string | undefined;

  /** Begins to listen; resolves with the path of the socket. */
  async function listen(app: FastifyInstance): Promise<string> {
    const path = await makePath();
    await app.ready();
    await app.listen({ path });
    return path;
  }

  async function makePath(): Promise<string> {
    if (process.platform === 'win32') return `\\\\.\\pipe\\mosaic-coordinator-${randomUUID()}`;
    await removeLeftovers();
    // mkdtemp makes it with mode 0700.
    folder = mkdtempSync(join(tmpdir(), prefix));
    return join(folder, socketName);
  }

  function remove(): void {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }

  return { listen, remove };
}

/** Removes the folders of services that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((found) => found.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    try {
      const { uid, mtimeMs } = statSync(folder);
      if (uid !== process.getuid?.() || Date.now() - mtimeMs < leftoverMs) continue;
      if (!(await isListenedOn(join(folder, socketName)))) rmSync(folder, { recursive: true });
    } catch {
      // Another start was faster.
    }
  }
}

async function isListenedOn(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    const isDead =
      error instanceof Error &&
      'code' in error &&
      (error.code === 'ECONNREFUSED' || error.code === 'ENOENT');
    return !isDead;
  } finally {
    socket.destroy();
  }
}
