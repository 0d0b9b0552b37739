import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { withoutEnvironmentFiles } from '../../src/app/verifier-processes.ts';
import { temporaryDirectory } from '../support/service.ts';

test('a verifier whose service was killed ends by itself', { timeout: 60_000 }, async () => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const options = ['verify', '--attached', '--sandbox', 'none', '--directory'];
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', main, ...options, temporaryDirectory()],
    {
      env: { COORDINATOR_URL: 'http://127.0.0.1:9', COORDINATOR_TOKEN: 'token-of-a-verifier-1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  for await (const chunk of child.stdout)
    if (String(chunk).includes('waiting for verifications')) break;
  child.stdin.destroy();
  expect(await exited).toEqual([0, null]);
});

test('a verifier does not read the files with the variables of the service', () => {
  expect(
    withoutEnvironmentFiles([
      ...['--import', 'tsx', '--env-file', '.env', '--env-file=a', '--env-file-if-exists=b'],
      ...['--env-file-if-exists', 'c', '--enable-source-maps'],
    ]),
  ).toEqual(['--import', 'tsx', '--enable-source-maps']);
});
