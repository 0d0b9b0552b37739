import { execa } from 'execa';

import { runGates } from '../../../src/gates/run-gates.ts';
import type { GateResult } from '../../../src/gates/gate.ts';
import type { GatesOptions } from '../../../src/gates/report.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { writeFiles } from './checkout.ts';

/** A directory with these files and this gates file. */
export function projectWith(
  gatesFile: unknown,
  files: Readonly<Record<string, string>> = {},
): string {
  const directory = temporaryDirectory();
  writeFiles(directory, { '.mosaic/gates.json': JSON.stringify(gatesFile), ...files });
  return directory;
}

/** Runs the gates of the file, by default without a sandbox. */
export async function runFile(directory: string, options: Partial<GatesOptions> = {}) {
  const report = await runGates({ directory, sandbox: 'none', ...options });
  const result = (name: string): GateResult | undefined =>
    report.gates.find(({ gate }) => gate === name);
  return { report, result };
}

/** Makes the directory a repository with one commit of all that is in it. */
export async function commitAll(directory: string, ...args: readonly string[]): Promise<void> {
  const git = execa({ cwd: directory });
  await git`git init --quiet --initial-branch main`;
  await git`git add --all`;
  await git`git -c user.name=a -c user.email=a@example.test commit --quiet --message work ${args}`;
}
