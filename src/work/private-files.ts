import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Files of the runner in a directory that an agent can write to, of an agent that has ended. Whatever it put in their
 * place, such as a link to a file of the operator, is replaced and not followed. Paths are relative, with slashes.
 */

/** Makes a directory below `top`, which exists. */
export function makePrivateDirectory(top: string, path: string): void {
  let directory = top;
  for (const name of path.split('/').filter((part) => part !== '')) {
    directory = join(directory, name);
    if (isDirectory(directory)) continue;
    rmSync(directory, { force: true });
    mkdirSync(directory, { mode: 0o700 });
  }
}

export function writePrivateFile(top: string, path: string, text: string): void {
  makePrivateDirectory(top, path.split('/').slice(0, -1).join('/'));
  const file = join(top, path);
  rmSync(file, { recursive: true, force: true });
  // The flag refuses what was put there in between.
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
}

/** The text of an ordinary file; undefined for anything else, and for one of more than `maxBytes`. */
export function readPrivateFile(top: string, path: string, maxBytes: number): string | undefined {
  const parts = path.split('/');
  const folders = parts.slice(0, -1).map((_, at) => join(top, ...parts.slice(0, at + 1)));
  const file = join(top, path);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!folders.every(isDirectory) || found?.isFile() !== true || found.size > maxBytes)
    return undefined;
  return readFileSync(file, 'utf8');
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
