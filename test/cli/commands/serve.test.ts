import { createServer } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { serve } from '../../../src/cli/commands/serve.ts';
import type { Environment } from '../../../src/config.ts';
import { CoordinatorError } from '../../../src/errors.ts';
import { logLines } from '../../support/process.ts';
import { startService, temporaryDirectory, testEnvironment } from '../../support/service.ts';

/** Runs the command in this process; it is told to end when the test is over at the latest. */
function startServe(environment: Environment) {
  const stopping = new AbortController();
  const output = { stdout: '', stderr: '' };
  const started = Promise.withResolvers<string>();
  const ended = serve({
    stdout: {
      write: (text) => {
        output.stdout += text;
        const line = logLines(output.stdout).find(({ msg }) => msg === 'coordinator started');
        if (line?.url !== undefined) started.resolve(line.url);
      },
    },
    stderr: { write: (text) => (output.stderr += text) },
    environment: () => environment,
    signal: stopping.signal,
  });
  ended.catch((error: unknown) => started.reject(error));
  onTestFinished(async () => {
    stopping.abort();
    await ended.catch(() => undefined);
  });
  return { started: started.promise, ended, output, stop: () => stopping.abort() };
}

test('serve starts the service, logs JSON lines, and ends when it is told to', async () => {
  const command = startServe(testEnvironment(temporaryDirectory()));
  const url = await command.started;
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  const signalsBefore = process.listenerCount('SIGTERM');
  command.stop();
  await command.ended;
  await expect(fetch(`${url}/readyz`)).rejects.toThrow();
  const lines = logLines(command.output.stdout);
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'info', msg: 'coordinator started', url, reader: 'offline' }),
  );
  expect(lines.at(-1)).toMatchObject({ msg: 'coordinator stopped' });
  expect(z.iso.datetime().safeParse(lines[0]?.['time']).success).toBe(true);
  expect(command.output.stderr).toBe('');
  expect(process.listenerCount('SIGTERM')).toBe(signalsBefore - 1);
});

test('serve refuses a wrong configuration before it logs or starts anything', async () => {
  const directory = temporaryDirectory();
  const command = startServe(testEnvironment(directory, { GITEA_URL: 'x' }));
  await expect(command.ended).rejects.toMatchObject({ code: 'config_invalid' });
  await expect(command.started).rejects.toThrow('GITEA_URL');
  expect(command.output.stdout).toBe('');
});

test('a port that is taken is named in the error, and the database is let go of', async () => {
  const other = createServer();
  onTestFinished(() => void other.close());
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.int() }).parse(other.address());
  const directory = temporaryDirectory();
  const command = startServe(testEnvironment(directory, { PORT: String(port) }));
  await expect(command.started).rejects.toThrow(CoordinatorError);
  await expect(command.ended).rejects.toMatchObject({ code: 'cannot_listen' });
  await expect(command.ended).rejects.toThrow(`Cannot listen on 127.0.0.1, port ${port}`);
  const next = await startService({ directory });
  expect((await fetch(`${next.url}/readyz`)).status).toBe(200);
});
