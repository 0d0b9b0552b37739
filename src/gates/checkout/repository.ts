import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { GatesError } from '../gates-error.ts';
import { git } from './git-command.ts';
import { ancestors } from '../tools/find-tool.ts';

/** Maximum bytes of a listing: the paths of a very large repository. */
const listBytes = 256 * 1024 * 1024;

/** The state of a git repository; nothing that its configuration names is run. */
export interface Repository {
  /** The top of the work tree. */
  readonly root: string;
  readonly commit: string | null;
  /** True when the work tree differs from the commit, or holds untracked files that are not ignored. */
  readonly dirty: boolean;
}

/** Undefined outside of a git checkout. */
export async function readRepository(
  directory: string,
  signal: AbortSignal,
): Promise<Repository | undefined> {
  const options = { signal, maxBytes: listBytes };
  const top = await git(directory, ['rev-parse', '--show-toplevel'], options);
  if (top.exitCode !== 0) {
    if (/not a git repository|must be run in a work tree/.test(top.stderr)) return undefined;
    throw new GatesError(
      'gates_git_failed',
      `git refuses to read ${directory}: ${top.stderr} (When it names the ownership: run as the owner, or update git.)`,
    );
  }
  const root = top.stdout.toString('utf8').replace(/\n$/, '');
  await refuseFarWorkTree(root, directory);
  const head = await git(root, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], options);
  const status = await git(
    root,
    [
      ...(await withoutFilters(root, signal)),
      'status',
      '--porcelain',
      '-z',
      '--untracked-files=all',
    ],
    options,
  );
  return {
    root,
    commit: head.exitCode === 0 ? head.stdout.toString('utf8').trim() : null,
    dirty: status.exitCode !== 0 || status.stdout.length > 0,
  };
}

/** `core.worktree` can name any directory above as the checkout: all in it would be shown to its code. */
async function refuseFarWorkTree(root: string, directory: string): Promise<void> {
  for (const place of ancestors(await realpath(directory))) {
    if (place === root) return;
    if ((await lstat(join(place, '.git')).catch(() => undefined)) === undefined) continue;
    throw new GatesError(
      'gates_git_failed',
      `The repository in ${place} names another work tree, ${root}: remove core.worktree from its configuration.`,
    );
  }
}

/** `git status` runs the clean filters that the repository's configuration names, to compare contents. */
export async function withoutFilters(
  root: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { stdout } = await git(
    root,
    ['config', '--null', '--name-only', '--get-regexp', '^filter\\.'],
    { signal, maxBytes: listBytes },
  );
  return splitNul(stdout).flatMap((name) => [
    '-c',
    `${name}=${name.endsWith('required') ? 'false' : ''}`,
  ]);
}

/** Files of the checkout, relative to `root`, without `node_modules`: tracked and untracked but not ignored ones; outside of git all. */
export async function listFiles(
  root: string,
  { isRepository, signal }: { readonly isRepository: boolean; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  return isRepository ? listTracked(root, signal) : listAll(root);
}

/** The files of `listFiles` below a directory of the checkout, relative to that. */
export async function listFilesBelow(
  directory: string,
  {
    repository,
    signal,
  }: { readonly repository: Repository | undefined; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const below = await realpath(directory);
  const root = repository === undefined ? below : await realpath(repository.root);
  const files = await listFiles(root, { isRepository: repository !== undefined, signal });
  const prefix = relative(root, below).replaceAll(sep, '/');
  if (prefix === '') return files;
  return files
    .filter((path) => path.startsWith(`${prefix}/`))
    .map((path) => path.slice(prefix.length + 1));
}

/** True when git tracks this file of the directory. */
export async function isTracked(
  directory: string,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<boolean> {
  const args = ['--literal-pathspecs', 'ls-files', '-z', '--', path];
  const { stdout } = await git(directory, args, { signal, maxBytes: listBytes });
  return stdout.length > 0;
}

async function listTracked(root: string, signal: AbortSignal): Promise<readonly string[]> {
  const list = async (...which: readonly string[]) => {
    const args = ['ls-files', '-z', ...which];
    const { exitCode, stdout, stderr } = await git(root, args, { signal, maxBytes: listBytes });
    if (exitCode === 0) return splitNul(stdout);
    throw new GatesError('gates_git_failed', `git cannot list the files of ${root}: ${stderr}`);
  };
  // In submodules git lists only tracked files.
  const tracked = await list('--cached', '--recurse-submodules');
  const untracked = await list('--others', '--exclude-standard');
  // Tracked, and not there any more.
  const deleted = new Set(await list('--deleted'));
  return [...new Set([...tracked, ...untracked])].filter(
    (path) => !deleted.has(path) && !path.split('/').includes('node_modules'),
  );
}

async function listAll(root: string, below = root): Promise<readonly string[]> {
  const files: string[] = [];
  for (const entry of await readdir(below, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === '.git') continue;
    const path = join(below, entry.name);
    if (entry.isDirectory()) files.push(...(await listAll(root, path)));
    else files.push(relative(root, path).replaceAll(sep, '/'));
  }
  return files;
}

/** Splits the output of git with `-z`. */
export function splitNul(output: Buffer): readonly string[] {
  return output
    .toString('utf8')
    .split('\0')
    .filter((part) => part !== '');
}
