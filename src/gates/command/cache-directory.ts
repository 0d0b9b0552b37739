import { access, constants, mkdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/**
 * The directory in which tool chains keep downloads from one run to the next: `$XDG_CACHE_HOME` or `~/.cache`, of
 * this user alone. Hostile code could fill it for the runs after it, so `keepDownloads` is false for it and it gets a fresh one;
 * so does a run that cannot write there.
 */
export async function openCacheDirectory({
  caller,
  keepDownloads,
  privateDirectory,
}: {
  readonly caller: Readonly<Record<string, string | undefined>>;
  readonly keepDownloads: boolean;
  readonly privateDirectory: string;
}): Promise<string> {
  const { XDG_CACHE_HOME: cache = '', HOME: home = '' } = caller;
  const place = isAbsolute(cache) ? cache : isAbsolute(home) ? join(home, '.cache') : undefined;
  if (keepDownloads && place !== undefined) {
    const lasting = join(place, 'mosaic-coordinator', 'gates');
    if (await isOurs(lasting)) return lasting;
  }
  const fresh = join(privateDirectory, 'cache');
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  return fresh;
}

async function isOurs(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.W_OK);
    const { uid, mode } = await stat(directory);
    return uid === process.getuid?.() && (mode & 0o022) === 0;
  } catch {
    return false;
  }
}
