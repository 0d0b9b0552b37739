import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';

import { describeError } from '../../../errors.ts';

export type FileRead =
  | { readonly kind: 'content'; readonly content: Buffer }
  /** Not there, a link, a directory: nothing git would call a file. */
  | { readonly kind: 'no_file' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/**
 * Reads a file of the work tree as far as `maxBytes`, through no link, neither at its end nor on the way.
 * Accepted race: a directory swapped for a link in between leads it astray. That takes a process running in
 * the checkout, which could change the file itself.
 */
export async function readWorkTreeFile(
  root: Buffer,
  name: Buffer,
  maxBytes: number,
): Promise<FileRead> {
  const path = Buffer.concat([root, Buffer.from('/'), name]);
  try {
    const stats: BigIntStats = await lstat(path, { bigint: true });
    if (!stats.isFile()) return { kind: 'no_file' };
    if (!(await realpath(path, 'buffer')).equals(path)) return { kind: 'no_file' };
    if (stats.size > BigInt(maxBytes)) {
      return { kind: 'unreadable', reason: `larger than ${maxBytes} bytes` };
    }
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(path, flags);
    try {
      const content = Buffer.alloc(Number(stats.size));
      const { bytesRead } = await file.read(content, 0, content.length, 0);
      return { kind: 'content', content: content.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch (error) {
    const isGone =
      error instanceof Error &&
      'code' in error &&
      (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP');
    return isGone ? { kind: 'no_file' } : { kind: 'unreadable', reason: describeError(error, 100) };
  }
}
