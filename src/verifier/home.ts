import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { removeTree } from '../gates/checkout/private-directory.ts';
import { endProcessesNaming, takePlace } from '../lib/places.ts';

/** The directories of one verifier; no other process uses them. */
export interface VerifierHome {
  readonly mirrors: string;
  /** Installed packages of base branches. */
  readonly packages: string;
  /** Gives `work` a fresh directory; it is gone afterwards, with all in it. */
  readonly withDirectory: <T>(work: (directory: string) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Opens the directories of a verifier in a place of its own. What the one before left there is ended and removed. */
export async function openHome(directory: string): Promise<VerifierHome> {
  const place = await takePlace(directory);
  const [mirrors, packages, work] = [
    join(place.path, 'mirrors'),
    join(place.path, 'packages'),
    join(place.path, 'work'),
  ];
  await endProcessesNaming(`${work}/`);
  await removeTree(work);
  for (const path of [mirrors, packages, work]) await mkdir(path, { recursive: true, mode: 0o700 });
  return {
    mirrors,
    packages,
    async withDirectory(use) {
      const fresh = await mkdtemp(join(work, 'job-'));
      try {
        return await use(fresh);
      } finally {
        await removeTree(fresh);
      }
    },
    close: place.release,
  };
}
