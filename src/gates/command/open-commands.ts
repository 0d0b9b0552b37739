import { join } from 'node:path';

import { openCacheDirectory } from './cache-directory.ts';
import { callerEnvironment } from './caller-environment.ts';
import type { CommandSettings } from './command-environment.ts';

/** What the steps and command gates of one run share, with the directory for downloads open. */
export async function openCommands({
  keepDownloads,
  privateDirectory,
  ...settings
}: Pick<CommandSettings, 'passEnvironment' | 'toolsFrom' | 'root'> & {
  readonly keepDownloads: boolean;
  readonly privateDirectory: string;
}): Promise<CommandSettings> {
  const caller = callerEnvironment();
  return {
    ...settings,
    caller,
    cacheDirectory: await openCacheDirectory({ caller, keepDownloads, privateDirectory }),
    home: join(privateDirectory, 'commands', 'home'),
  };
}
