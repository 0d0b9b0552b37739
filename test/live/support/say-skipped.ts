import { findGiteaBinary } from './gitea-binary.ts';

/** Runs once before the suite: a skipped suite says why. */
export default function saySkipped(): void {
  if (findGiteaBinary() !== undefined) return;
  process.stdout.write(
    'test:live is skipped: set GITEA_BINARY to a Gitea built with SQLite and GITEA_SOURCE to the tree it was built from.\n',
  );
}
