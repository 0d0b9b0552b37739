import { execFileSync } from 'node:child_process';

import { readEnvironment } from '../../../src/config.ts';

export interface GiteaBinary {
  /** A built Gitea or Forgejo with SQLite. */
  readonly binary: string;
  /** The tree it was built from: it reads templates and languages there. */
  readonly source: string;
  readonly isForgejo: boolean;
}

/** The Gitea to test against; undefined when none is given, and then the suite is skipped. */
export function findGiteaBinary(): GiteaBinary | undefined {
  const environment = readEnvironment();
  const binary = environment['GITEA_BINARY'];
  const source = environment['GITEA_SOURCE'];
  if (binary === undefined || source === undefined) return undefined;
  const version = execFileSync(binary, ['--version'], { encoding: 'utf8' });
  return { binary, source, isForgejo: /^forgejo/i.test(version) };
}
