import { createHash } from 'node:crypto';

import { CoordinatorError } from '../../../errors.ts';
import { listCommit, readContents } from '../../checkout/commit-tree.ts';
import { git } from '../../checkout/git-command.ts';

/** A file of the base. */
interface Blob {
  readonly id: string;
  readonly bytes: number;
}

/** The files of the base commit, by their name in latin1, which keeps any bytes apart. */
export interface BaseTree {
  readonly directory: string;
  readonly files: ReadonlyMap<string, Blob>;
  readonly maxFileBytes: number;
  readonly signal: AbortSignal;
}

/** Lists the regular files of a commit. */
export async function readBaseTree({
  commit,
  ...tree
}: Omit<BaseTree, 'files'> & { readonly commit: string }): Promise<BaseTree> {
  const entries = await listCommit(tree.directory, commit, tree.signal);
  const files = entries.filter(({ mode }) => mode.startsWith('100'));
  return { ...tree, files: new Map(files.map(({ name, id, bytes }) => [name, { id, bytes }])) };
}

/** The texts of these files at the base; those that are missing or too large are left out. */
export async function readBlobs(
  tree: BaseTree,
  names: readonly string[],
): Promise<Map<string, string>> {
  const wanted = names.flatMap((name) => {
    const blob = tree.files.get(name);
    return blob && blob.bytes <= tree.maxFileBytes ? [{ name, ...blob }] : [];
  });
  const texts = new Map<string, string>();
  for await (const [{ name }, content] of readContents(tree.directory, wanted, tree.signal)) {
    texts.set(name, textOf(content));
  }
  return texts;
}

/** The id that git gives to this content, by the hash algorithm of the other id. */
export function blobId(content: Buffer, like: string): string {
  return createHash(like.length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${content.length}\0`)
    .update(content)
    .digest('hex');
}

/** Content as text, with line ends `\n`. */
export function textOf(content: Buffer): string {
  return content
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n');
}

const maxBytes = 1_000_000;

/**
 * The commit to compare with (merge base): the last one that the history of the checkout shares with `base`.
 * Later commits of the base branch are not the author's, neither tests they add nor tests they remove.
 */
export async function baseCommit(
  directory: string,
  base: string,
  signal: AbortSignal,
): Promise<string> {
  const run = (...args: string[]) => git(directory, args, { signal, maxBytes });
  const inside = await run('rev-parse', '--is-inside-work-tree');
  if (inside.exitCode !== 0 || inside.stdout.toString('latin1').trim() !== 'true') {
    throw new CoordinatorError(
      'no_work_tree',
      `not a git work tree, so there is nothing to compare with ${base}: ${inside.stderr || directory}`,
    );
  }
  const commitOf = async (ref: string): Promise<string | undefined> => {
    // git would take it for an option, or no system call would take it at all.
    if (ref === '' || ref.startsWith('-') || ref.includes('\0')) return undefined;
    const found = await run(
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${ref}^{commit}`,
    );
    const commit = found.stdout.toString('latin1').trim().split('\n').at(-1) ?? '';
    return found.exitCode === 0 && /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined;
  };
  const commit = await commitOf(base);
  const shallow = await run('rev-parse', '--is-shallow-repository');
  const isShallow = shallow.stdout.toString('latin1').trim() === 'true';
  if (commit === undefined) {
    const remote = await commitOf(`origin/${base}`);
    const cure =
      remote === undefined
        ? `fetch it first: git fetch ${isShallow ? '--unshallow ' : ''}origin ${base}`
        : `the remote's branch is there: use --base origin/${base}`;
    throw new CoordinatorError('base_unknown', `git knows no commit ${base} here; ${cure}`);
  }
  if ((await commitOf('HEAD')) === undefined) {
    throw new CoordinatorError('no_commit', 'the checkout has no commit yet to compare with');
  }
  const shared = await run('merge-base', commit, 'HEAD');
  const [sharedCommit] = shared.stdout.toString('latin1').split('\n');
  if (shared.exitCode === 0 && sharedCommit) return sharedCommit;
  throw new CoordinatorError(
    'base_unrelated',
    isShallow
      ? `the shallow clone does not reach back to where it left ${base}; fetch more history: ` +
          'git fetch --unshallow (or --deepen=200), in a workflow fetch-depth: 0'
      : `${base} and the checkout have no commit in common`,
  );
}
