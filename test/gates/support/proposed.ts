import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { proposeGatesFile } from '../../../src/gates/gates-file/init/init.ts';

/** Files by their paths; a value that is no text is written as JSON. */
export type Tree = Readonly<Record<string, unknown>>;

/** What is proposed for a directory that holds these files. */
export async function proposedFor(tree: Tree) {
  const root = await mkdtemp(path.join(tmpdir(), 'gates-init-'));
  try {
    for (const [file, content] of Object.entries(tree)) {
      const target = path.join(root, file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, typeof content === 'string' ? content : JSON.stringify(content));
    }
    return await proposeGatesFile(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A package.json with these scripts that names these packages. */
export function packageJson(
  scripts: Readonly<Record<string, string>>,
  ...packages: readonly string[]
) {
  const devDependencies = Object.fromEntries(packages.map((name) => [name, '*']));
  return { 'package.json': { scripts, devDependencies } };
}
