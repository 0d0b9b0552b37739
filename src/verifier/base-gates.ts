import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { makeBaseCopy } from '../gates/checkout/base-copy.ts';
import { git } from '../gates/checkout/git-command.ts';
import { proposeGatesFile } from '../gates/gates-file/init/init.ts';
import { parseGatesFile } from '../gates/gates-file/parse-gates-file.ts';
import { gatesFilePath, type GatesFile } from '../gates/gates-file/schema.ts';

const maxBytes = 8 * 1024 * 1024;

export interface BaseGatesRequest {
  /** Repository that holds the base. */
  readonly repository: string;
  readonly base: string;
  readonly baseBranch: string;
  readonly privateDirectory: string;
  readonly signal: AbortSignal;
}

/** The gates file of the base; without one the file that `gates --init` proposes for the base. */
export async function gatesOfBase({
  repository,
  base,
  baseBranch,
  privateDirectory,
  signal,
}: BaseGatesRequest): Promise<{ readonly file: GatesFile; readonly from: string }> {
  const object = `${base}:${gatesFilePath}`;
  const found = await git(repository, ['cat-file', 'blob', object], { signal, maxBytes });
  if (found.exitCode === 0) {
    const from = `${gatesFilePath} at ${baseBranch}`;
    return { file: parseGatesFile(found.stdout.toString('utf8'), from), from };
  }
  const [target, nothing] = [join(privateDirectory, 'base'), join(privateDirectory, 'nothing')];
  await mkdir(nothing);
  await makeBaseCopy({ root: repository, commit: base, target, modulesFrom: nothing, signal });
  const { file } = await proposeGatesFile(target);
  const from = `proposed for ${baseBranch}, which has no ${gatesFilePath}`;
  return { file: parseGatesFile(JSON.stringify(file), from), from };
}
