import { readEnvironment } from '../../../src/config.ts';

export interface GiteaBinary {
  /** A built Gitea with SQLite. */
  readonly binary: string;
  /** The tree it was built from: it reads templates and languages there. */
  readonly source: string;
}

/** The Gitea to test against; undefined when none is given, and then the suite is skipped. */
export function findGiteaBinary(): GiteaBinary | undefined {
  const environment = readEnvironment();
  const binary = environment['GITEA_BINARY'];
  const source = environment['GITEA_SOURCE'];
  return binary === undefined || source === undefined ? undefined : { binary, source };
}
