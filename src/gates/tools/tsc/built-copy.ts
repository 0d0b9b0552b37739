import path from 'node:path';

import { makePrivateCopy } from '../../checkout/private-copy.ts';
import type { Checkout, Tool, Verdict } from '../../gate.ts';
import { verdictOnEnd } from '../tool-verdict.ts';
import type { TscPlace } from './output.ts';
import { isAtLeast } from '../versions.ts';

/** Files that tsc may read; what git ignores too, for generated code is often ignored. */
const readable = /\.([cm]?[jt]sx?|json)$/;

/**
 * A project that imports from one it references reads the declarations that this one's build wrote. Missing ones
 * keep it from being checked, old ones make a wrong verdict. So the projects are built here, in a copy: nothing is
 * written into the checkout. Whatever errors the build has are found again when the projects are checked.
 */
export async function buildCopy(
  checkout: Checkout,
  tool: Tool,
  projects: readonly string[],
): Promise<TscPlace | Verdict> {
  const { root, directory, signal } = checkout;
  const target = path.join(await checkout.scratch('copy'), 'project');
  await makePrivateCopy({
    root,
    // All files, not only those of git.
    isRepository: false,
    target,
    modulesFrom: root,
    replace: new Map(),
    isLeftOut: (file) => !readable.test(file),
    signal,
  });
  const copy = path.join(target, path.relative(root, directory));
  const run = await checkout.run(tool, [
    '--build',
    '--force',
    '--pretty',
    'false',
    // From this version on, an error does not keep a project from being built: none needs to be looked for.
    ...(isAtLeast(tool, '5.6.0') ? ['--noCheck'] : []),
    ...projects.map((project) => path.join(copy, project)),
  ]);
  return verdictOnEnd('typescript', run) ?? { cwd: directory, directory: copy };
}
