import { realpath } from 'node:fs/promises';
import { posix } from 'node:path';

import { CoordinatorError } from '../../../errors.ts';
import { gitOutput, pathOf } from '../../checkout/commit-tree.ts';
import { blobId, readBaseTree, readBlobs, textOf, type BaseTree } from './base-tree.ts';
import { isMade, isTestData } from './made-files.ts';
import { readWorkTreeFile } from './work-tree-file.ts';

export interface Limits {
  /** Files that differ. */
  readonly files: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of one file that is written by a tool: a lockfile, a snapshot. */
  readonly madeBytes: number;
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
  /** Tracked files in a `node_modules` that the base does not have. */
  readonly committedPackages: readonly string[];
  /** Tracked files that git ignores all the same. */
  readonly ignoredPaths: ReadonlySet<string>;
  /** Data of tests that say something else than at the base: what is expected may stand there. */
  readonly testDataEdited: readonly string[];
  /** The directories that hold files on either side. */
  readonly directoriesBefore: ReadonlySet<string>;
  readonly directoriesAfter: ReadonlySet<string>;
}

export interface Trees {
  /** The path of a file as the directory under check sees it, from its path in the work tree. */
  readonly fromDirectory: (path: string) => string;
  readonly pathsBefore: readonly string[];
  /** Text of these paths at the base, whether they changed or not; those that are no file there are left out. */
  readonly textsBefore: (paths: readonly string[]) => Promise<Map<string, string>>;
  /** The files of interest that differ; ignored ones have to be of interest even so. */
  readonly changes: (
    isOfInterest: (path: string) => boolean,
    isOfInterestIgnored: (path: string) => boolean,
  ) => Promise<TreeChanges>;
}

/** Maximum bytes of a file whose content is hashed, so that an unchanged one is recognised. */
const hashedBytes = 100_000_000;

/** A work tree beside the base commit. */
interface OpenTrees {
  readonly before: BaseTree;
  readonly top: Buffer;
  readonly limits: Limits;
}

/**
 * Compares a commit with the work tree: the files that differ, untracked ones included, ignored ones and
 * those of `node_modules` not. The work tree itself is read, because the index can be told to lie
 * (`assume-unchanged`). Nothing that the repository configures (filters, drivers) is run.
 */
export async function openTrees(options: {
  readonly directory: string;
  readonly commit: string;
  readonly limits: Limits;
  readonly signal: AbortSignal;
}): Promise<Trees> {
  const { directory, commit, limits, signal } = options;
  const shown = await gitOutput(directory, ['rev-parse', '--show-toplevel'], signal);
  const top = await realpath(shown.subarray(0, -1), 'buffer');
  const toTop = posix.relative(await realpath(directory), top.toString('utf8'));
  if (!/^(\.\.(\/|$))*$/.test(toTop)) {
    throw new CoordinatorError('no_work_tree', 'the work tree of git is another directory');
  }
  const inTop = posix.join('/', posix.relative(top.toString('utf8'), await realpath(directory)));
  const before = await readBaseTree({ directory, commit, maxFileBytes: limits.madeBytes, signal });
  return {
    fromDirectory: (path) => posix.relative(inTop, posix.join('/', path)),
    pathsBefore: [...before.files.keys()].map(pathOf),
    textsBefore: async (paths) => {
      const names = paths.map((path) => Buffer.from(path).toString('latin1'));
      const texts = await readBlobs(before, names);
      return new Map([...texts].map(([name, text]) => [pathOf(name), text]));
    },
    changes: (isOfInterest, isOfInterestIgnored) =>
      changesBetween({ before, top, limits }, isOfInterest, isOfInterestIgnored),
  };
}

async function changesBetween(
  { before, top, limits }: OpenTrees,
  isOfInterest: (path: string) => boolean,
  isOfInterestIgnored: (path: string) => boolean,
): Promise<TreeChanges> {
  const { directory, files, signal } = before;
  const list = async (...which: string[]): Promise<string[]> => {
    const args = ['ls-files', '-z', '--full-name', '--exclude-standard', ...which, '--', ':/'];
    const listing = await gitOutput(directory, args, signal);
    return listing.toString('latin1').split('\0').filter(Boolean);
  };
  // Ignored directories are not listed: `--directory` names each as one.
  const ignored = await list('--others', '--ignored', '--directory');
  const tracked = await list('--cached');
  const ignoredPaths = new Set((await list('--cached', '--ignored')).map(pathOf));
  const namesAfter = new Set([
    ...tracked,
    ...(await list('--others')),
    ...ignored.filter((name) => isOfInterestIgnored(pathOf(name))),
  ]);
  const changes: FileChange[] = [];
  const notLookedAt: { path: string; reason: string }[] = [];
  const differing: { name: string; after: Buffer | undefined }[] = [];
  const present: string[] = [];
  const testDataEdited: string[] = [];
  let totalBytes = 0;
  for (const name of new Set([...files.keys(), ...namesAfter])) {
    const path = pathOf(name);
    if (isInPackages(path)) continue;
    if (!isOfInterest(path)) {
      if (namesAfter.has(name)) present.push(path);
      if (await isTestDataEdited(name)) testDataEdited.push(path);
      continue;
    }
    signal.throwIfAborted();
    const old = files.get(name);
    // A large file is read too, to see that it did not change.
    const allowed = isMade(path) ? limits.madeBytes : limits.fileBytes;
    const maxBytes = Math.min(Math.max(allowed, old?.bytes ?? 0), hashedBytes);
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
    if (Math.max(old?.bytes ?? 0, after?.length ?? 0) > allowed) {
      notLookedAt.push({ path, reason: `larger than ${allowed} bytes` });
    } else if (differing.length >= limits.files) {
      notLookedAt.push({ path, reason: `more than ${limits.files} files differ` });
    } else if (totalBytes + bytes > limits.totalBytes) {
      notLookedAt.push({ path, reason: `more than ${limits.totalBytes} bytes differ` });
    } else {
      totalBytes += bytes;
      differing.push({ name, after });
    }
  }
  const oldTexts = await readBlobs(
    before,
    differing.map(({ name }) => name),
  );
  for (const { name, after } of differing) {
    const change = {
      path: pathOf(name),
      before: oldTexts.get(name),
      after: after && textOf(after),
    };
    // `core.autocrlf` changes line ends, which do not count.
    if (change.before !== change.after) changes.push(change);
  }
  return {
    changes,
    notLookedAt,
    ignoredPaths,
    testDataEdited,
    committedPackages: tracked
      .filter((name) => !files.has(name) && isInPackages(pathOf(name)))
      .map(pathOf),
    directoriesBefore: directoriesOf([...files.keys()].map(pathOf)),
    directoriesAfter: directoriesOf(present),
  };

  /** Large ones are left out: nobody reads them, and reading them takes long. */
  async function isTestDataEdited(name: string): Promise<boolean> {
    const old = files.get(name);
    if (!old || !namesAfter.has(name) || !isTestData(pathOf(name))) return false;
    if (old.bytes > limits.fileBytes) return false;
    const read = await readWorkTreeFile(top, Buffer.from(name, 'latin1'), limits.fileBytes);
    if (read.kind !== 'content') return false;
    const isOld = (content: Buffer) => blobId(content, old.id) === old.id;
    return !isOld(read.content) && !isOld(withoutReturns(read.content));
  }
}

function withoutReturns(content: Buffer): Buffer {
  return Buffer.from(content.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

function isInPackages(path: string): boolean {
  return /(^|\/)node_modules\//.test(path);
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
