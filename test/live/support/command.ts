import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import { testEnvironment } from '../../support/service.ts';
import type { World } from './world.ts';

/** Runs a command in the surroundings of the coordinator of a world, with root's token in the file `root-token`. */
export async function runCommand(world: World, args: readonly string[]) {
  writeFileSync(rootTokenFile(world), `${world.gitea.tokens.root}\n`);
  let stdout = '';
  let stderr = '';
  const exitCode = await runCommandLine(args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    environment: () => testEnvironment(world.directory, world.environment),
  });
  return { exitCode, stdout, stderr };
}

/** `setup` of the repository, with the rights of somebody who administers it. */
export function setUp(world: World, ...options: readonly string[]) {
  const where = ['--repo', world.repository(), '--url', `${world.url}/webhook/gitea`];
  return runCommand(world, ['setup', ...where, '--token-file', rootTokenFile(world), ...options]);
}

export function rootTokenFile({ directory }: World): string {
  return join(directory, 'root-token');
}
