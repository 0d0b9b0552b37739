import { lstat } from 'node:fs/promises';
import { join } from 'node:path';

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

/**
 * Paths that differ from the index: changed, deleted or new, without ignored ones. A repository inside of the files is
 * left out: looking into it would run what its configuration names.
 */
export async function changedPaths(place: GitPlace, signal: AbortSignal): Promise<string[]> {
  const args = ['ls-files', '-z', '--others', '--modified', '--deleted', '--exclude-standard'];
  const listing = (await gitBytes(place, args, { signal })).toString('utf8');
  const gitlinks = await gitlinksOf(place, signal);
  const paths = listing.split('\0').filter((path) => path !== '' && !path.endsWith('/'));
  return [...new Set(paths)].filter((path) => !gitlinks.has(path)).toSorted();
}

async function gitlinksOf(place: GitPlace, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const listing = (await gitBytes(place, ['ls-files', '-z', '--stage'], { signal })).toString(
    'utf8',
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
    readonly paths: readonly string[];
    readonly parent: string;
    readonly message: string;
    readonly author: Author;
  },
  signal: AbortSignal,
): Promise<string> {
  await refuseLarge(place.files?.directory ?? '', paths);
  await localGit(place, ['update-index', '-z', '--add', '--remove', '--replace', '--stdin'], {
    signal,
    input: paths.map((path) => `${path}\0`).join(''),
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

async function refuseLarge(directory: string, paths: readonly string[]): Promise<void> {
  const found = paths
    .slice(0, maxFiles)
    .map((path) => lstat(join(directory, path)).catch(() => undefined));
  const bytes = (await Promise.all(found)).reduce((sum, file) => sum + (file?.size ?? 0), 0);
  if (paths.length > maxFiles || bytes > maxBytes)
    throw new WorkspaceError(
      'unusable',
      `${paths.length} files of ${bytes} bytes are not committed, more than the runner commits (${maxFiles}, ${maxBytes}): add what is generated to .gitignore.`,
    );
}
