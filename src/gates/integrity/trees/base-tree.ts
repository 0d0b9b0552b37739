import { createHash } from 'node:crypto';

import { CoordinatorError } from '../../../errors.ts';
import { git, type GitOutput } from '../../checkout/git-command.ts';

/** Maximum bytes of a listing: a directory of 100,000 files. */
const listingBytes = 32_000_000;
/** Maximum bytes of file contents that git is asked for at once. */
const batchBytes = 16_000_000;

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
  const args = ['ls-tree', '-r', '-z', '-l', '--full-tree', commit];
  return { ...tree, files: parseTree(await gitOutput(tree.directory, args, tree.signal)) };
}

/** The texts of these files at the base; those that are missing or too large are left out. */
export async function readBlobs(
  tree: BaseTree,
  names: readonly string[],
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  let batch: string[] = [];
  let bytes = 0;
  for (const name of names) {
    const blob = tree.files.get(name);
    if (!blob || blob.bytes > tree.maxFileBytes) continue;
    if (bytes + blob.bytes > batchBytes) {
      await readBatch(tree, batch, texts);
      [batch, bytes] = [[], 0];
    }
    batch.push(name);
    bytes += blob.bytes;
  }
  await readBatch(tree, batch, texts);
  return texts;
}

async function readBatch(
  tree: BaseTree,
  names: readonly string[],
  texts: Map<string, string>,
): Promise<void> {
  if (names.length === 0) return;
  const input = names.map((name) => `${tree.files.get(name)?.id ?? ''}\n`).join('');
  const args = ['cat-file', '--batch'];
  const output = succeeded(
    await git(tree.directory, args, { signal: tree.signal, maxBytes: 2 * batchBytes, input }),
    args,
  );
  let offset = 0;
  for (const name of names) {
    const end = output.indexOf('\n', offset);
    const header = output.toString('latin1', offset, end);
    const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(header)?.[1] ?? NaN);
    if (end < 0 || Number.isNaN(size)) {
      throw new CoordinatorError(
        'blob_missing',
        `git does not have ${pathOf(name)} of the base (${header}); fetch it: git fetch --refetch`,
      );
    }
    texts.set(name, textOf(output.subarray(end + 1, end + 1 + size)));
    offset = end + 1 + size + 1;
  }
}

function parseTree(listing: Buffer): Map<string, Blob> {
  const files = new Map<string, Blob>();
  for (const entry of listing.toString('latin1').split('\0')) {
    const match = /^100\d{3} blob ([0-9a-f]+) +(\d+)\t([^]+)$/.exec(entry);
    const [, id, bytes, name] = match ?? [];
    if (id !== undefined && name !== undefined) files.set(name, { id, bytes: Number(bytes) });
  }
  return files;
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

/** The path that a latin1 name stands for. */
export function pathOf(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** The output of a git command that must succeed. */
export async function gitOutput(
  directory: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Buffer> {
  return succeeded(await git(directory, args, { signal, maxBytes: listingBytes }), args);
}

function succeeded(output: GitOutput, args: readonly string[]): Buffer {
  if (output.exitCode === 0) return output.stdout;
  const said = output.stderr.slice(0, 300) || `exit code ${output.exitCode}`;
  throw new CoordinatorError('git_failed', `git ${args[0] ?? ''} failed: ${said}`);
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
