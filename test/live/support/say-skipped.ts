import { findBrowser } from './browser.ts';
import { findClaudeCode } from './claude-binary.ts';
import { findGiteaBinary } from './gitea-binary.ts';

/** Runs once before the suite: what is skipped says why. */
export default function saySkipped(): void {
  if (findGiteaBinary() === undefined)
    say(
      'The tests with Gitea are skipped: set GITEA_BINARY to a Gitea built with SQLite and GITEA_SOURCE to the tree it was built from.',
    );
  else if (findBrowser() === undefined)
    say(
      'No pictures are taken: set CHROMIUM to a browser and MOSAIC_PICTURES to a folder for them.',
    );
  if (findClaudeCode() === undefined)
    say(
      'The tests with Claude Code are skipped: set CLAUDE_CODE to its program (npm package @anthropic-ai/claude-code).',
    );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
