import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { posix } from 'node:path';

import { CoordinatorError } from '../../errors.ts';
import { git, type GitOutput } from '../checkout/git-command.ts';
import { readWorkTreeFile } from './work-tree-file.ts';

export interface Limits {
  /** Files that differ. */
  readonly files: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files that differ. */
  readonly totalBytes: number;
}

export interface FileChange {
  /** From the top of the work tree, as far as it is UTF-8. */
  readonly path: string;
  /** Line ends are `\n`; undefined when there is no such file. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface TreeChanges {
  readonly changes: readonly FileChange[];
  /** Files that differ, or may differ, and could not be looked at. */
  readonly notLookedAt: readonly { readonly path: string; readonly reason: string }[];
  /** The directories that hold files on either side. */
  readonly directoriesBefore: ReadonlySet<string>;
  readonly directoriesAfter: ReadonlySet<string>;
}

export interface Trees {
  /** From the directory under check to the top of the work tree: empty or `../` some times. */
  readonly toTop: string;
  readonly pathsBefore: readonly string[];
  /** Text of these paths at the base, whether they changed or not; those that are no file there are left out. */
  readonly textsBefore: (paths: readonly string[]) => Promise<Map<string, string>>;
  /** The files of interest that differ; ignored ones have to be of interest even so. */
  readonly changes: (
    isOfInterest: (path: string) => boolean,
    isOfInterestIgnored: (path: string) => boolean,
  ) => Promise<TreeChanges>;
}

/** A directory listing of 100,000 files. */
const listingBytes = 32_000_000;
/** Files up to this size are compared byte by byte at least. */
const hashedBytes = 100_000_000;
const batchBytes = 16_000_000;

/**
 * A commit beside the work tree: the files that differ, untracked ones included, ignored ones and those
 * of `node_modules` not. The work tree is read itself, for the index may be told to lie
 * (`assume-unchanged`), and nothing the repository configures (filters, drivers) is run.
 */
export async function openTrees(options: {
  readonly directory: string;
  readonly commit: string;
  readonly limits: Limits;
  readonly signal: AbortSignal;
}): Promise<Trees> {
  const { directory, commit, limits, signal } = options;
  const run = async (cwd: string, ...args: string[]): Promise<Buffer> =>
    succeeded(await git(cwd, args, { signal, maxBytes: listingBytes }), args);

  const shown = await run(directory, 'rev-parse', '--show-toplevel');
  const top = await realpath(shown.subarray(0, -1), 'buffer');
  const toTop = posix.relative(await realpath(directory), top.toString('utf8'));
  if (!/^(\.\.(\/|$))*$/.test(toTop)) {
    throw new CoordinatorError('no_work_tree', 'the work tree of git is another directory');
  }
  const before = parseTree(
    await run(directory, 'ls-tree', '-r', '-z', '-l', '--full-tree', commit),
  );
  const pathsBefore = [...before.keys()].map(pathOf);
  return {
    toTop: toTop === '' ? '' : `${toTop}/`,
    pathsBefore,
    textsBefore: async (paths) => {
      const texts = await readBlobs(paths.map((path) => Buffer.from(path).toString('latin1')));
      return new Map([...texts].map(([name, text]) => [pathOf(name), text]));
    },
    changes: changesOf,
  };

  async function changesOf(
    isOfInterest: (path: string) => boolean,
    isOfInterestIgnored: (path: string) => boolean,
  ): Promise<TreeChanges> {
    const list = async (...args: string[]): Promise<string[]> => {
      const all = ['ls-files', '-z', '--full-name', '--exclude-standard', ...args, '--', ':/'];
      return (await run(directory, ...all)).toString('latin1').split('\0').filter(Boolean);
    };
    // Ignored directories stay closed: `--directory` names them as one.
    const ignored = await list('--others', '--ignored', '--directory');
    const namesAfter = new Set([
      ...(await list('--cached', '--others')),
      ...ignored.filter((name) => isOfInterestIgnored(pathOf(name))),
    ]);
    const changes: FileChange[] = [];
    const notLookedAt: { path: string; reason: string }[] = [];
    const differing: { name: string; after: Buffer | undefined }[] = [];
    const present: string[] = [];
    let totalBytes = 0;
    for (const name of new Set([...before.keys(), ...namesAfter])) {
      const path = pathOf(name);
      if (/(^|\/)node_modules\//.test(path)) continue;
      if (!isOfInterest(path)) {
        if (namesAfter.has(name)) present.push(path);
        continue;
      }
      signal.throwIfAborted();
      const old = before.get(name);
      // A large file that did not change is read to see just that.
      const maxBytes = Math.min(Math.max(limits.fileBytes, old?.bytes ?? 0), hashedBytes);
      const read = namesAfter.has(name)
        ? await readWorkTreeFile(top, Buffer.from(name, 'latin1'), maxBytes)
        : undefined;
      if (read && read.kind !== 'no_file') present.push(path);
      if (read?.kind === 'unreadable') {
        notLookedAt.push({ path, reason: read.reason });
        continue;
      }
      const after = read?.kind === 'content' ? read.content : undefined;
      if (old ? after && blobId(after, old.id) === old.id : !after) continue;
      const bytes = (old?.bytes ?? 0) + (after?.length ?? 0);
      if (Math.max(old?.bytes ?? 0, after?.length ?? 0) > limits.fileBytes) {
        notLookedAt.push({ path, reason: `larger than ${limits.fileBytes} bytes` });
      } else if (differing.length >= limits.files) {
        notLookedAt.push({ path, reason: `more than ${limits.files} files differ` });
      } else if (totalBytes + bytes > limits.totalBytes) {
        notLookedAt.push({ path, reason: `more than ${limits.totalBytes} bytes differ` });
      } else {
        totalBytes += bytes;
        differing.push({ name, after });
      }
    }
    const oldTexts = await readBlobs(differing.map(({ name }) => name));
    for (const { name, after } of differing) {
      const change = {
        path: pathOf(name),
        before: oldTexts.get(name),
        after: after && textOf(after),
      };
      // Line ends alone differ, as `core.autocrlf` makes them.
      if (change.before !== change.after) changes.push(change);
    }
    return {
      changes,
      notLookedAt,
      directoriesBefore: directoriesOf(pathsBefore),
      directoriesAfter: directoriesOf(present),
    };
  }

  async function readBlobs(names: readonly string[]): Promise<Map<string, string>> {
    const texts = new Map<string, string>();
    let batch: string[] = [];
    let bytes = 0;
    for (const name of names) {
      const blob = before.get(name);
      if (!blob || blob.bytes > limits.fileBytes) continue;
      if (bytes + blob.bytes > batchBytes) {
        await readBatch(batch, texts);
        [batch, bytes] = [[], 0];
      }
      batch.push(name);
      bytes += blob.bytes;
    }
    await readBatch(batch, texts);
    return texts;
  }

  async function readBatch(names: readonly string[], texts: Map<string, string>): Promise<void> {
    if (names.length === 0) return;
    const input = names.map((name) => `${before.get(name)?.id ?? ''}\n`).join('');
    const args = ['cat-file', '--batch'];
    const output = succeeded(
      await git(directory, args, { signal, maxBytes: 2 * batchBytes, input }),
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
}

interface Blob {
  readonly id: string;
  readonly bytes: number;
}

/** Regular files only, by their name in latin1, which keeps any bytes apart. */
function parseTree(listing: Buffer): Map<string, Blob> {
  const files = new Map<string, Blob>();
  for (const entry of listing.toString('latin1').split('\0')) {
    const match = /^100\d{3} blob ([0-9a-f]+) +(\d+)\t([^]+)$/.exec(entry);
    const [, id, bytes, name] = match ?? [];
    if (id !== undefined && name !== undefined) files.set(name, { id, bytes: Number(bytes) });
  }
  return files;
}

/** What git would call this content, in the hash the other id is made by. */
function blobId(content: Buffer, like: string): string {
  return createHash(like.length === 64 ? 'sha256' : 'sha1')
    .update(`blob ${content.length}\0`)
    .update(content)
    .digest('hex');
}

function textOf(content: Buffer): string {
  return content
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n');
}

function pathOf(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

function directoriesOf(paths: readonly string[]): Set<string> {
  const directories = new Set<string>();
  for (const path of paths) {
    let directory = posix.dirname(path);
    while (!directories.has(directory)) {
      directories.add(directory);
      directory = posix.dirname(directory);
    }
  }
  return directories;
}

function succeeded(output: GitOutput, args: readonly string[]): Buffer {
  if (output.exitCode === 0) return output.stdout;
  const said = output.stderr.slice(0, 300) || `exit code ${output.exitCode}`;
  throw new CoordinatorError('git_failed', `git ${args[0] ?? ''} failed: ${said}`);
}
