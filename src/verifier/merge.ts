import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { git } from '../gates/checkout/git-command.ts';
import { both, localGit } from './mirrors.ts';
import { CommitRefused, VerifierError } from './verifier-error.ts';

const outputBytes = 64 * 1024 * 1024;
/** Maximum files and bytes of a tree that is checked out. */
const maxFiles = 300_000;
const maxBytes = 2 * 1024 ** 3;
/** Maximum paths of a conflict that are named. */
const maxNamed = 50;

export interface MergeRequest {
  /** Mirror that holds both. */
  readonly mirror: string;
  readonly base: string;
  readonly commit: string;
  /** For messages. */
  readonly baseBranch: string;
  /** Directory of the checkout; does not exist yet. */
  readonly target: string;
  readonly signal: AbortSignal;
}

export interface Merged {
  /** Tree of the merge. */
  readonly tree: string;
  /** Paths that the merge changes in the base. */
  readonly changed: readonly string[];
}

/**
 * Merges the commit onto the base and checks the result out into a repository of its own, which borrows the objects
 * of the mirror and adds none to it. Throws `CommitRefused` when there is nothing to check.
 */
export async function mergeOntoBase(request: MergeRequest): Promise<Merged> {
  const { base, commit, baseBranch, target, signal } = request;
  await createRepository(request);
  const common = await commonAncestor(request);
  if (common === commit)
    throw new CommitRefused(
      'nothing_changed',
      `The commit ${commit} is in ${baseBranch} already: commit the change, push it, and name that commit.`,
    );
  if (common === undefined)
    throw new CommitRefused(
      'unrelated_history',
      `The commit ${commit} has no commit in common with ${baseBranch}: start from ${baseBranch} and make the change there.`,
    );
  const [tree, baseTree] = await both(
    mergeTrees(request),
    localGit(target, ['rev-parse', `${base}^{tree}`], signal),
  );
  if (tree === baseTree)
    throw new CommitRefused(
      'nothing_changed',
      `Merged into ${baseBranch}, the commit ${commit} changes nothing.`,
    );
  const args = ['diff-tree', '-r', '--name-only', '--no-renames', '-z', baseTree, tree];
  const [paths] = await both(localGit(target, args, signal), refuseLarge(target, { tree, signal }));
  await checkOut(request, tree);
  return { tree, changed: paths.split('\0').filter((path) => path !== '') };
}

/** A repository with nothing but the settings that it needs: no remote, no hook, no program for files. */
async function createRepository({
  mirror,
  commit,
  target,
}: Pick<MergeRequest, 'mirror' | 'commit' | 'target'>): Promise<void> {
  const dotGit = join(target, '.git');
  await mkdir(target, { recursive: true, mode: 0o700 });
  for (const directory of ['objects/info', 'refs/heads'])
    await mkdir(join(dotGit, directory), { recursive: true });
  const isSha256 = commit.length === 64;
  await writeFile(
    join(dotGit, 'config'),
    `[core]\n\trepositoryformatversion = ${isSha256 ? 1 : 0}\n\tbare = false\n\tlogAllRefUpdates = false\n${isSha256 ? '[extensions]\n\tobjectFormat = sha256\n' : ''}`,
  );
  await writeFile(join(dotGit, 'objects/info/alternates'), `${join(mirror, 'objects')}\n`);
  await writeFile(join(dotGit, 'HEAD'), `${commit}\n`);
}

/** The best commit that both have; the commit itself when the base holds it. */
async function commonAncestor({
  target,
  base,
  commit,
  signal,
}: MergeRequest): Promise<string | undefined> {
  const { exitCode, stdout, stderr } = await git(target, ['merge-base', base, commit], {
    signal,
    maxBytes: outputBytes,
  });
  if (exitCode > 1) throw new VerifierError('git_failed', `git merge-base: ${stderr}`);
  return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
}

async function mergeTrees(request: MergeRequest): Promise<string> {
  const { target, base, commit, baseBranch, signal } = request;
  const { exitCode, stdout, stderr } = await git(
    target,
    ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', base, commit],
    { signal, maxBytes: outputBytes },
  );
  const [tree = '', ...paths] = stdout.toString('utf8').split('\0');
  if (exitCode === 0) return tree.trim();
  if (exitCode !== 1) throw new VerifierError('git_failed', `git merge-tree: ${stderr}`);
  const conflicts = [...new Set(paths.filter((path) => path !== ''))].toSorted();
  const named = conflicts.slice(0, maxNamed);
  const more = conflicts.length - named.length;
  throw new CommitRefused(
    'merge_conflict',
    `The commit conflicts with ${baseBranch} in ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}: merge or rebase onto ${baseBranch}, resolve, and push.`,
  );
}

/** Contents are small when packed, and may be huge when they are written. */
async function refuseLarge(
  target: string,
  { tree, signal }: { readonly tree: string; readonly signal: AbortSignal },
): Promise<void> {
  const listing = await localGit(
    target,
    ['ls-tree', '-r', '-l', '-z', '--full-tree', tree],
    signal,
  );
  const entries = listing.split('\0').filter((entry) => entry !== '');
  const bytes = entries.reduce((sum, entry) => {
    const size = Number(entry.slice(0, entry.indexOf('\t')).split(' ').at(-1));
    return sum + (Number.isFinite(size) ? size : 0);
  }, 0);
  if (entries.length > maxFiles || bytes > maxBytes)
    throw new VerifierError(
      'too_large',
      `The tree has ${entries.length} files of ${bytes} bytes; at most ${maxFiles} of ${maxBytes} bytes are checked.`,
    );
}

/** A checkout of the base alone, in the same way. */
export async function checkOutBase(
  request: Pick<MergeRequest, 'mirror' | 'base' | 'target' | 'signal'>,
): Promise<void> {
  const { base, target, signal } = request;
  await createRepository({ ...request, commit: base });
  await localGit(target, ['read-tree', '--reset', '-u', base], signal);
}

/** The merge as a commit with both as parents, so that the gates find an ordinary history. */
async function checkOut(
  { target, base, commit, signal }: MergeRequest,
  tree: string,
): Promise<void> {
  const who = 'Verifier <verifier@localhost> 0 +0000';
  const text = `tree ${tree}\nparent ${base}\nparent ${commit}\nauthor ${who}\ncommitter ${who}\n\nMerge for verification\n`;
  const merge = await localGit(
    target,
    ['hash-object', '-t', 'commit', '-w', '--stdin'],
    signal,
    text,
  );
  await writeFile(join(target, '.git', 'HEAD'), `${merge}\n`);
  await localGit(target, ['read-tree', '--reset', '-u', merge], signal);
}
