import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';

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
    await removeTree(directory);
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

/** Removes a directory with all in it, also when permissions were taken away or its paths are too long for a call. */
export async function removeTree(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch {
    // These go down step by step, whatever the length of the path.
    await run('/bin/chmod', ['-R', 'u+rwX', '--', directory]);
    await run('/bin/rm', ['-rf', '--', directory]);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Its failure shows in what comes after it. */
async function run(program: string, args: readonly string[]): Promise<void> {
  await execa(program, args, { env: {}, extendEnv: false, stdio: 'ignore', reject: false });
}
