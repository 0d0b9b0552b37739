import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** Interval at which the free space is looked at. */
const checkEveryMs = 250;

export interface DiskLimits {
  /** Bytes that one verification may write. */
  readonly bytes: number;
  /** Bytes that stay free in any case. */
  readonly reserve: number;
}

/** Who has used up the space: the verification itself, or something else on this machine. */
export type FullDisk = 'own' | 'other';

/** Aborts `signal` when there is no space any more; dispose of it when nothing is written any more. */
interface DiskWatch {
  readonly signal: AbortSignal;
  /** Undefined while there is space. */
  readonly full: () => FullDisk | undefined;
  readonly [Symbol.dispose]: () => void;
}

/**
 * Watches the file system of a directory while something is written there. The free space tells at once that something
 * is wrong; only then the directory is measured, which takes longer.
 */
export async function watchDisk(
  directory: string,
  { bytes, reserve }: DiskLimits,
): Promise<DiskWatch> {
  const full = new AbortController();
  const before = await free(directory);
  let found: FullDisk | undefined;
  let checking = false;
  const check = async () => {
    if (checking || found !== undefined) return;
    checking = true;
    try {
      const now = await free(directory);
      if (before - now < bytes && now > reserve) return;
      // While it grows on: what it has now is enough to tell.
      const own = (await sizeOf(directory, bytes)) >= Math.min(bytes, before - reserve) / 2;
      found = own ? 'own' : 'other';
      if (own || now <= reserve) full.abort();
      else found = undefined;
    } finally {
      checking = false;
    }
  };
  const timer = setInterval(() => void check().catch(() => undefined), checkEveryMs);
  return {
    signal: full.signal,
    full: () => (full.signal.aborted ? found : undefined),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

async function free(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** Bytes on disk of all below the directory, up to a little more than `enough`. */
async function sizeOf(directory: string, enough: number): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) sum += await sizeOf(path, enough - sum);
    else sum += ((await lstat(path).catch(() => undefined))?.blocks ?? 0) * 512;
    if (sum > enough) break;
  }
  return sum;
}
