import {
  constants,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readlink,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, posix, relative } from 'node:path';

import { listFiles } from './repository.ts';

export interface PrivateCopyRequest {
  /** Top directory of the checkout to copy. */
  readonly root: string;
  readonly isRepository: boolean;
  /** Directory of the copy; does not exist yet. */
  readonly target: string;
  /**
   * Directory whose `node_modules` stand in for those of `root`; `root` itself when its own do, undefined when the
   * copy gets none.
   */
  readonly modulesFrom: string | undefined;
  /** Files with other contents than in `root`. */
  readonly replace: ReadonlyMap<string, Buffer>;
  /** Files to leave out. */
  readonly isLeftOut: (path: string) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Copies a checkout so that nothing done to the copy reaches the original: files by content, links as they
 * are, `node_modules` as directories of links. No file is read or written through a link of the checkout,
 * which may lead anywhere. Accepted race: a directory that becomes a link while it is copied.
 *
 * Resolves to the `node_modules` that the links lead to.
 */
export async function makePrivateCopy(request: PrivateCopyRequest): Promise<readonly string[]> {
  const { root, target, replace, isLeftOut, signal } = request;
  const files = await listFiles(root, request);
  const directories = new Set(['.']);
  const isPlain = memoise((path) => isPlainDirectory(root, path));
  await mkdir(target, { recursive: true, mode: 0o700 });
  for (const path of files) {
    signal.throwIfAborted();
    const parent = posix.dirname(path);
    if (isLeftOut(path) || replace.has(path) || !(await isPlain(parent))) continue;
    if (!directories.has(parent)) await mkdir(join(target, parent), { recursive: true });
    for (const above of parents(path)) directories.add(above);
    await copyEntry(join(root, path), join(target, path));
  }
  for (const [path, content] of replace) await writeInside(target, { path, content });
  const { modulesFrom } = request;
  if (modulesFrom === undefined) return [];
  const linked: string[] = [];
  for (const directory of directories) {
    const source = await linkModules({ root, target, modulesFrom }, directory);
    if (source !== undefined) linked.push(source);
  }
  return linked;
}

/** A directory of the checkout that is reached without following a link. */
async function isPlainDirectory(root: string, path: string): Promise<boolean> {
  const expected = join(await realpath(root), path);
  return (await realpath(join(root, path)).catch(() => undefined)) === expected;
}

async function copyEntry(from: string, to: string): Promise<void> {
  const stats = await lstat(from).catch(() => undefined);
  if (stats?.isSymbolicLink()) await symlink(await readlink(from), to);
  else if (stats?.isFile()) await copyFile(from, to, constants.COPYFILE_FICLONE);
}

/** Writes a file below `target`; a link in its way is replaced by a directory. */
async function writeInside(
  target: string,
  { path, content }: { readonly path: string; readonly content: Buffer },
): Promise<void> {
  for (const above of parents(path).toReversed()) {
    const directory = join(target, above);
    const stats = await lstat(directory).catch(() => undefined);
    if (stats?.isDirectory()) continue;
    await rm(directory, { force: true });
    await mkdir(directory);
  }
  await rm(join(target, path), { force: true });
  await writeFile(join(target, path), content);
}

/** The directories above a file, innermost first, the top left out. */
function parents(path: string): readonly string[] {
  const parent = posix.dirname(path);
  return parent === '.' ? [] : [parent, ...parents(parent)];
}

/**
 * A `node_modules` of links to the packages in the original. A link of a workspace, which leads to a package
 * of the checkout, leads to the copy of that package. Resolves to where the links lead; undefined without packages.
 */
export async function linkModules(
  {
    root,
    target,
    modulesFrom,
  }: Pick<PrivateCopyRequest, 'root' | 'target'> & { readonly modulesFrom: string },
  directory: string,
): Promise<string | undefined> {
  const path = join(modulesFrom, directory, 'node_modules');
  const source = await realpath(path).catch(() => path);
  const names = await packageNames(source);
  const modules = join(target, directory, 'node_modules');
  if (names.length > 0) await mkdir(modules, { recursive: true });
  // Commands of a gates file find programs there; what lies in it leads back to the original.
  const programs = join(source, '.bin');
  if (names.length > 0 && (await isDirectory(programs)))
    await symlink(programs, join(modules, '.bin'));
  const tops = [await realpath(modulesFrom), await realpath(root)];
  for (const name of names) {
    const original = await realpath(join(source, name)).catch(() => undefined);
    if (original === undefined) continue;
    const inCheckout = tops
      .map((top) => relative(top, original))
      .find((path) => !path.startsWith('..') && !path.split('/').includes('node_modules'));
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(
      inCheckout === undefined ? join(source, name) : join(target, inCheckout),
      join(modules, name),
    );
  }
  return names.length > 0 ? source : undefined;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}

async function packageNames(modules: string): Promise<readonly string[]> {
  const entries = await readdir(modules).catch(() => []);
  const names = await Promise.all(
    entries
      .filter((entry) => !entry.startsWith('.'))
      .map(async (entry) => {
        if (!entry.startsWith('@')) return [entry];
        const scoped = await readdir(join(modules, entry)).catch(() => []);
        return scoped.map((name) => `${entry}/${name}`);
      }),
  );
  return names.flat();
}

function memoise<T>(find: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const value = known.get(key) ?? find(key);
    known.set(key, value);
    return value;
  };
}
