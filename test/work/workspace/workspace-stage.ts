import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { pino } from 'pino';

import { createWorkspace } from '../../../src/work/workspace/workspace.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { createRepository, type Files } from '../../verifier/support/repository.ts';

export const { signal } = new AbortController();
export const author = { name: 'Mosaic Agent', email: 'agent@example.test' };
export const variables = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/nonexistent' };

/** A repository, the directory of a runner, and the checkout of one issue, to be opened as often as wanted. */
export function start(files?: Files) {
  const repository = createRepository(files);
  const directory = temporaryDirectory();
  const place = { remote: { id: 2, url: repository.bare }, number: 12, title: 'Add a queue' };
  const options = { directory, environment: variables, author, log: pino({ level: 'silent' }) };
  const open = (more = {}) =>
    createWorkspace({ ...options, ...more }).open(place, { stop: signal, signal });
  const remote = (...args: readonly string[]) =>
    execFileSync('git', ['-C', repository.bare, ...args], { encoding: 'utf8' }).trim();
  return {
    ...{ repository, directory, open, remote, options, place },
    [Symbol.dispose]: repository[Symbol.dispose],
  };
}

/** What an agent does with its own git. */
export function agent(directory: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: directory, env: variables, encoding: 'utf8' }).trim();
}

export function edit(directory: string, path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}
