import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { onTestFinished } from 'vitest';

import { noGatesFile } from '../../../src/gates/gates-file/parse-gates-file.ts';
import type { Checkout, Verdict } from '../../../src/gates/gate.ts';
import { integrity, type IntegrityOptions } from '../../../src/gates/integrity/integrity.ts';

/** Text by path; null takes a file away. */
export type Files = Readonly<Record<string, string | null>>;

export interface Repository {
  readonly directory: string;
  readonly write: (files: Files) => void;
  readonly git: (...args: string[]) => string;
  readonly commit: (message?: string) => void;
}

/** A real repository in a temp directory with one commit, on the branch `main`. */
export function createRepository(files: Files): Repository {
  const directory = temporaryDirectory();
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        HOME: directory,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'Ann',
        GIT_AUTHOR_EMAIL: 'ann@example.org',
        GIT_COMMITTER_NAME: 'Ann',
        GIT_COMMITTER_EMAIL: 'ann@example.org',
      },
    });
  const write = (changes: Files) => {
    for (const [path, text] of Object.entries(changes)) {
      const file = join(directory, path);
      if (text === null) rmSync(file, { recursive: true });
      else {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
    }
  };
  const commit = (message = 'change') => {
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message', message);
  };
  git('init', '--quiet', '--initial-branch=main');
  write(files);
  commit('base');
  return { directory, write, git, commit };
}

export function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'integrity-')));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface CheckOptions extends IntegrityOptions {
  readonly base?: string;
  readonly signal?: AbortSignal;
}

/** The verdict of the gate on a directory. */
export async function check(directory: string, options: CheckOptions = {}): Promise<Verdict> {
  const { base = 'main', signal = new AbortController().signal, ...rest } = options;
  return integrity(base, rest).check(checkoutOf(directory, signal));
}

/** The findings as `rule file:line`, sorted. */
export function brief({ findings = [] }: Verdict): string[] {
  return findings
    .map(({ rule, file, line }) => `${rule ?? '-'} ${file ?? '-'}:${line ?? '-'}`)
    .sort();
}

function checkoutOf(directory: string, signal: AbortSignal): Checkout {
  const notUsed = () => Promise.reject(new Error('the integrity gate runs no tool'));
  return {
    directory,
    root: directory,
    origin: directory,
    base: undefined,
    options: noGatesFile.options,
    network: true,
    files: notUsed,
    signal,
    thresholds: { lines: 85, statements: 85, functions: 85, branches: 85 },
    tool: notUsed,
    scratch: notUsed,
    run: notUsed,
    runCommand: notUsed,
    readReport: notUsed,
    testRun: notUsed,
  };
}
