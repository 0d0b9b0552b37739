import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isConfigurationFile } from './configuration-files.ts';
import { listFiles } from './repository.ts';

/** SHA-256 over the configuration files below `root` and the options of the run. */
export async function hashConfiguration({
  root,
  isRepository,
  options,
  signal,
}: {
  readonly root: string;
  readonly isRepository: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(options));
  const files = await listFiles(root, { isRepository, signal });
  for (const path of files.filter(isConfigurationFile).toSorted()) {
    const stats = await lstat(join(root, path)).catch(() => undefined);
    if (!stats?.isFile()) continue;
    const content = await readFile(join(root, path));
    hash.update(JSON.stringify([path, content.length])).update(content);
  }
  return hash.digest('hex');
}
