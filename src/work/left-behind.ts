import { join } from 'node:path';

import { createProcessTree, killTree } from '../gates/process/process-tree.ts';
import { endProcessesNaming } from '../lib/places.ts';
import { mirrorsFolder } from './workspace/workspace.ts';

/** The processes that a runner left which was killed, and that its next start ends before it goes on. */

/** Ends an agent with all that it started, found by the marker of its run; resolves to the number of processes found. */
export async function endAgentLeftBehind(marker: string): Promise<number> {
  const tree = createProcessTree(undefined, marker);
  const { length } = tree.members();
  await killTree(tree);
  return length;
}

/** Ends the git of a runner's directory: it may still push, and holds locks that are then removed. */
export function endGitLeftBehind(directory: string): Promise<void> {
  return endProcessesNaming(`${join(directory, mirrorsFolder)}/`);
}
