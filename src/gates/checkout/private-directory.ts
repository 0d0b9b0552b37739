import { chmod, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { GatesError } from '../gates-error.ts';

/** Gives `work` a fresh directory `below` another that only this user can open; it is gone afterwards, with all in it. */
export async function withPrivateDirectory<T>(
  work: (directory: string) => Promise<T>,
  below = tmpdir(),
): Promise<T> {
  const directory = await create(below);
  try {
    return await work(directory);
  } finally {
    await remove(directory);
  }
}

async function create(below: string): Promise<string> {
  try {
    return await mkdtemp(join(await realpath(below), 'mosaic-gates-'));
  } catch (cause) {
    throw new GatesError(
      'gates_directory_unusable',
      `No directory can be made in ${below}: set TMPDIR to one that can be written.`,
      { cause },
    );
  }
}

async function remove(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch {
    // A tool may have removed the permissions on its files.
    await openUp(directory);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function openUp(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true }))
    if (entry.isDirectory()) await openUp(join(directory, entry.name));
}
