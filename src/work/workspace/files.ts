import { lstat } from 'node:fs/promises';

import { gitBytes, localGit, tryGit, type GitPlace } from './local-git.ts';
import { WorkspaceError } from './workspace-error.ts';

/** Maximum files, and bytes of them, that the runner commits for an agent. */
const maxFiles = 20_000;
const maxBytes = 512 * 1024 * 1024;

/** Describes the files by an index of the runner, as if `commit` were checked out. */
export async function readFiles(
  place: GitPlace,
  commit: string,
  signal: AbortSignal,
): Promise<void> {
  await localGit(place, ['read-tree', commit], { signal });
  // Exits with 1 when files differ.
  await tryGit(place, ['update-index', '-q', '--really-refresh'], { signal });
}

/** A path as git has it: bytes, each of which is a character. Not every name of a file is UTF-8. */
export type PathBytes = string;

export function readablePath(path: PathBytes): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

export interface Changes {
  /** Changed, deleted or new, without ignored ones. */
  readonly paths: readonly PathBytes[];
  /** Repositories inside of the files. They are left out: looking into one would run what its configuration names. */
  readonly repositories: readonly PathBytes[];
}

/** What differs from the index. */
export async function findChanges(place: GitPlace, signal: AbortSignal): Promise<Changes> {
  const args = ['ls-files', '-z', '--others', '--modified', '--deleted', '--exclude-standard'];
  const listing = (await gitBytes(place, args, { signal })).toString('latin1');
  const gitlinks = await gitlinksOf(place, signal);
  const all = [...new Set(listing.split('\0'))].filter((path) => path !== '').toSorted();
  return {
    paths: all.filter((path) => !path.endsWith('/') && !gitlinks.has(path)),
    repositories: all.filter((path) => path.endsWith('/')),
  };
}

async function gitlinksOf(place: GitPlace, signal: AbortSignal): Promise<ReadonlySet<PathBytes>> {
  const listing = (await gitBytes(place, ['ls-files', '-z', '--stage'], { signal })).toString(
    'latin1',
  );
  const links = listing.split('\0').filter((line) => line.startsWith('160000 '));
  return new Set(links.map((line) => line.slice(line.indexOf('\t') + 1)));
}

/** Commits these paths as they are; resolves to the new commit. */
export async function commitPaths(
  place: GitPlace,
  {
    paths,
    parent,
    message,
    author,
  }: {
    readonly paths: readonly PathBytes[];
    readonly parent: string;
    readonly message: string;
    readonly author: Author;
  },
  signal: AbortSignal,
): Promise<string> {
  await refuseLarge(place.files?.directory ?? '', paths);
  await localGit(place, ['update-index', '-z', '--add', '--remove', '--replace', '--stdin'], {
    signal,
    input: Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1'),
  });
  const tree = await localGit(place, ['write-tree'], { signal });
  return writeCommit(place, { tree, parents: [parent], message, author }, signal);
}

export interface Author {
  readonly name: string;
  readonly email: string;
}

/** Writes a commit object, in UTC. */
function writeCommit(
  place: GitPlace,
  {
    tree,
    parents,
    message,
    author,
  }: {
    readonly tree: string;
    readonly parents: readonly string[];
    readonly message: string;
    readonly author: Author;
  },
  signal: AbortSignal,
): Promise<string> {
  const who = `${author.name} <${author.email}> ${Math.floor(Date.now() / 1_000)} +0000`;
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
    '',
    message,
    '',
  ];
  const args = ['hash-object', '-t', 'commit', '-w', '--stdin'];
  return localGit(place, args, { signal, input: lines.join('\n') });
}

/** The merge of two commits; undefined when they conflict. */
export async function mergeCommits(
  place: GitPlace,
  {
    ours,
    theirs,
    message,
    author,
  }: {
    readonly ours: string;
    readonly theirs: string;
    readonly message: string;
    readonly author: Author;
  },
  signal: AbortSignal,
): Promise<string | undefined> {
  const args = ['merge-tree', '--write-tree', '--no-messages', ours, theirs];
  const { exitCode, stdout, stderr } = await tryGit(place, args, { signal });
  if (exitCode === 1) return undefined;
  if (exitCode !== 0) throw new WorkspaceError('unusable', `git merge-tree: ${stderr.slice(-300)}`);
  const tree = stdout.toString('utf8').trim();
  return writeCommit(place, { tree, parents: [ours, theirs], message, author }, signal);
}

async function refuseLarge(directory: string, paths: readonly PathBytes[]): Promise<void> {
  const top = Buffer.from(`${directory}/`);
  const found = paths
    .slice(0, maxFiles)
    .map((path) => lstat(Buffer.concat([top, Buffer.from(path, 'latin1')])).catch(() => undefined));
  const bytes = (await Promise.all(found)).reduce((sum, file) => sum + (file?.size ?? 0), 0);
  if (paths.length > maxFiles || bytes > maxBytes)
    throw new WorkspaceError(
      'unusable',
      `${paths.length} files of ${bytes} bytes are not committed, more than the runner commits (${maxFiles}, ${maxBytes}): add what is generated to .gitignore.`,
    );
}
