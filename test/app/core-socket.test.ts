import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { createCoreSocket } from '../../src/app/core-socket.ts';
import { createApp } from '../../src/http/server.ts';
import { createLogger } from '../../src/log.ts';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mosaic-core-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function makeOld(folder: string): void {
  const hourAgo = Date.now() / 1_000 - 3_600;
  utimesSync(folder, hourAgo, hourAgo);
}

test('a start removes what killed services left, and nothing that is in use', async () => {
  const [killed, empty, fresh, live] = [makeFolder(), makeFolder(), makeFolder(), makeFolder()];
  const script = `require('node:net').createServer().listen(process.argv[1], () => console.log('ready'))`;
  const child = spawn(process.execPath, ['-e', script, join(killed, 'core.sock')]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const server = createServer().listen(join(live, 'core.sock'));
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  for (const folder of [killed, empty, live]) makeOld(folder);
  const socket = createCoreSocket();
  const app = createApp(createLogger('error', { write: () => undefined }));
  const path = await socket.listen(app);
  expect([killed, empty, fresh, live].map((folder) => existsSync(folder))).toEqual([
    ...[false, false, true, true],
  ]);
  await app.close();
  socket.remove();
  expect(existsSync(dirname(path))).toBe(false);
});
