import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Text by path; null takes a file away. */
export type Files = Readonly<Record<string, string | null>>;

export const addTest = `import { test } from 'node:test';
import { equal } from 'node:assert/strict';
import { add } from '../src/add.js';

test('adds', () => equal(add(1, 2), 3));
`;

/** A gates file whose only gate runs node:test. */
export function gatesFile(timeoutSeconds: number): string {
  const command = 'node --test --test-reporter=junit --test-reporter-destination=junit.xml';
  return JSON.stringify({ gates: { unit: { command, junit: 'junit.xml', timeoutSeconds } } });
}

export const project: Files = {
  'package.json': '{ "name": "tiny", "type": "module", "private": true }\n',
  'src/add.js': 'export const add = (a, b) => a + b;\n',
  'test/add.test.js': addTest,
  '.mosaic/gates.json': gatesFile(20),
};

export type TestRepository = ReturnType<typeof createRepository>;

/** A bare repository with the project on `main`, and a clone to push from. Dispose of it at the end. */
export function createRepository(files: Files = project) {
  const directory = mkdtempSync(join(tmpdir(), 'verifier-repository-'));
  const bare = join(directory, 'project.git');
  const work = join(directory, 'work');
  const git = (...args: readonly string[]) => gitIn(work, args);
  mkdirSync(work);
  gitIn(directory, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  git('init', '--quiet', '--initial-branch=main');
  git('remote', 'add', 'origin', bare);
  write(work, files);
  const first = commitAll(git);
  git('push', '--quiet', 'origin', 'main');

  return {
    bare,
    work,
    git,
    first,
    /** Pushes a branch from the present `main` with these changes; returns its commit. */
    push(branch: string, changes: Files, from = 'main'): string {
      git('checkout', '--quiet', '-B', branch, from);
      write(work, changes);
      const commit = commitAll(git);
      git('push', '--quiet', '--force', 'origin', branch);
      git('checkout', '--quiet', '--force', 'main');
      return commit;
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function gitIn(directory: string, args: readonly string[]): string {
  const who = { NAME: 'Ann', EMAIL: 'ann@example.test' };
  return execFileSync('git', args, {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: directory,
      GIT_CONFIG_NOSYSTEM: '1',
      ...Object.fromEntries(
        Object.entries(who).flatMap(([name, value]) => [
          [`GIT_AUTHOR_${name}`, value],
          [`GIT_COMMITTER_${name}`, value],
        ]),
      ),
    },
  }).trimEnd();
}

function commitAll(git: (...args: readonly string[]) => string): string {
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '--message', 'work');
  return git('rev-parse', 'HEAD');
}

export function write(directory: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path);
    if (text === null) rmSync(file, { recursive: true });
    else {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}
