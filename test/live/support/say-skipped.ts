import { agents, findAgent } from './agent-binaries.ts';
import { findBrowser } from './browser-place.ts';
import { findGiteaBinary } from './gitea-binary.ts';

const agentNames = ['claude', 'codex', 'opencode'] as const;

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
  for (const name of agentNames)
    if (findAgent(name) === undefined)
      say(
        `The tests with the agent ${name} are skipped: set ${agents[name].variable} to its program (npm package ${agents[name].package}).`,
      );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
