import { chmod, lstat, mkdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';

import { listCommit, pathOf, readContents, type TreeEntry } from './commit-tree.ts';
import { git } from './git-command.ts';
import { linkModules } from './private-copy.ts';

export interface BaseCopyRequest {
  /** Top of the work tree. */
  readonly root: string;
  readonly commit: string;
  /** Directory of the copy; does not exist yet. */
  readonly target: string;
  /** Directory whose `node_modules` the copy gets; `root` itself when its own do. */
  readonly modulesFrom: string;
  readonly signal: AbortSignal;
}

export interface BaseCopy {
  /** Paths that are not in the copy: submodules whose commit is not here, names that are not UTF-8. */
  readonly missing: readonly string[];
}

/** Submodules within submodules deeper than this are left out. */
const submoduleDepth = 5;

/**
 * Writes the tree of a commit beside the `node_modules` of the checkout, so that its tests can be run. The
 * contents are those git stores: no filter (line ends, large files) is run. What git does not store is not
 * there: built files, ignored files. Links are made last, so that nothing is written through one.
 */
export async function makeBaseCopy(request: BaseCopyRequest): Promise<BaseCopy> {
  const { root, commit, target, modulesFrom, signal } = request;
  const written: Written = { links: [], missing: [], directories: new Set(['.']) };
  await mkdir(target, { recursive: true, mode: 0o700 });
  await writeTree({ repository: root, commit, target, prefix: '', depth: 0, signal }, written);
  for (const [path, to] of written.links) await writeLink(join(target, path), to);
  for (const directory of written.directories) {
    signal.throwIfAborted();
    // A link of the commit may stand where the checkout has a directory.
    const stats = await lstat(join(target, directory)).catch(() => undefined);
    if (stats?.isDirectory() === true) await linkModules({ root, target, modulesFrom }, directory);
  }
  return { missing: written.missing };
}

/** What was written so far; paths are relative to the top of the copy. */
interface Written {
  readonly links: [path: string, to: Buffer][];
  readonly missing: string[];
  readonly directories: Set<string>;
}

interface TreeRequest {
  readonly repository: string;
  readonly commit: string;
  readonly target: string;
  /** Where in the copy the tree lies: empty, or a path that ends in `/`. */
  readonly prefix: string;
  readonly depth: number;
  readonly signal: AbortSignal;
}

async function writeTree(request: TreeRequest, written: Written): Promise<void> {
  const { repository, commit, target, prefix, signal } = request;
  const entries = await listCommit(repository, commit, signal);
  const named = entries.filter((entry) => {
    const isText = Buffer.from(pathOf(entry.name)).equals(Buffer.from(entry.name, 'latin1'));
    if (!isText) written.missing.push(prefix + pathOf(entry.name));
    return isText && !isModule(entry);
  });
  const stored = named.filter(({ mode }) => mode !== submodule);
  for await (const [entry, content] of readContents(repository, stored, signal)) {
    signal.throwIfAborted();
    const path = prefix + pathOf(entry.name);
    if (entry.mode === link) {
      // The content is a part of a larger buffer, which must not be kept.
      written.links.push([path, Buffer.from(content)]);
      continue;
    }
    await makeDirectories(target, posix.dirname(path), written);
    await writeFile(join(target, path), content);
    if (entry.mode === executable) await chmod(join(target, path), 0o755);
  }
  for (const entry of named) {
    if (entry.mode === submodule) await writeSubmodule(entry, request, written);
  }
}

const executable = '100755';
const link = '120000';
const submodule = '160000';

/** The packages come from the checkout, also where somebody committed some. */
function isModule({ name }: TreeEntry): boolean {
  return name.split('/').includes('node_modules');
}

async function makeDirectories(target: string, path: string, written: Written): Promise<void> {
  if (written.directories.has(path)) return;
  await mkdir(join(target, path), { recursive: true });
  for (let above = path; above !== '.'; above = posix.dirname(above))
    written.directories.add(above);
}

/** A submodule comes from its own repository in the checkout, when that has the commit. */
async function writeSubmodule(
  { name, id }: TreeEntry,
  request: TreeRequest,
  written: Written,
): Promise<void> {
  const path = pathOf(name);
  const repository = join(await realpath(request.repository), path);
  await makeDirectories(request.target, request.prefix + path, written);
  if (request.depth < submoduleDepth && (await holdsCommit(repository, id, request.signal))) {
    const prefix = `${request.prefix}${path}/`;
    const depth = request.depth + 1;
    await writeTree({ ...request, repository, commit: id, prefix, depth }, written);
  } else written.missing.push(request.prefix + path);
}

async function holdsCommit(directory: string, id: string, signal: AbortSignal): Promise<boolean> {
  // A link on the way leads to another repository, and so does a directory without one of its own.
  const place = await realpath(directory).catch(() => undefined);
  const dotGit = await lstat(join(directory, '.git')).catch(() => undefined);
  if (place !== directory || dotGit === undefined) return false;
  const found = await git(directory, ['cat-file', '-e', `${id}^{commit}`], {
    signal,
    maxBytes: 1_000_000,
  });
  return found.exitCode === 0;
}

/** A file system that ignores case may hold something under this name already: git has the same trouble. */
async function writeLink(path: string, to: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await symlink(to, path);
}
