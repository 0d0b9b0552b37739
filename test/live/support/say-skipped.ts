import { findBrowser } from './browser.ts';
import { findGiteaBinary } from './gitea-binary.ts';

/** Runs once before the suite: what is skipped says why. */
export default function saySkipped(): void {
  if (findGiteaBinary() === undefined)
    say(
      'test:live is skipped: set GITEA_BINARY to a Gitea built with SQLite and GITEA_SOURCE to the tree it was built from.',
    );
  else if (findBrowser() === undefined)
    say(
      'No pictures are taken: set CHROMIUM to a browser and MOSAIC_PICTURES to a folder for them.',
    );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
