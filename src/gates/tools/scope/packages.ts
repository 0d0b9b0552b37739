import { posix } from 'node:path';

import { parse } from 'yaml';
import { z } from 'zod';

import { parseReport } from '../reports.ts';

/** The packages of a project, by their folders; `.` is the root. */
export interface Packages {
  /** Folders of the root and of the members of its workspace. */
  readonly own: ReadonlySet<string>;
  /** Folders with a package.json that belong to no workspace of the root. */
  readonly foreign: ReadonlySet<string>;
}

/**
 * Reads the packages of a project. `readText` takes a path relative to the directory under check; `besides` are
 * folders that the project names in another way, such as by a reference.
 */
export async function readPackages(
  files: readonly string[],
  readText: (path: string) => Promise<string | undefined>,
  besides: readonly string[] = [],
): Promise<Packages> {
  const folders = files
    .filter((file) => posix.basename(file) === 'package.json')
    .map((file) => posix.dirname(file))
    .filter((folder) => folder !== '.');
  const globs = [
    ...workspacesOf((await readText('package.json')) ?? ''),
    ...pnpmPackages((await readText('pnpm-workspace.yaml')) ?? ''),
    ...packagesOf((await readText('lerna.json')) ?? ''),
  ];
  const known = new Set(besides);
  const member = (folder: string) => isMember(folder, globs) || known.has(folder);
  return {
    own: new Set(['.', ...folders.filter(member)]),
    foreign: new Set(folders.filter((folder) => !member(folder))),
  };
}

/** The innermost package that a file lies in. */
export function packageOf(path: string, { own, foreign }: Packages): string {
  const folder = posix.dirname(path);
  if (folder === path || folder === '.' || own.has(folder) || foreign.has(folder)) return folder;
  return packageOf(folder, { own, foreign });
}

/** A later glob with `!` takes away what an earlier one named. */
function isMember(folder: string, globs: readonly string[]): boolean {
  let member = false;
  for (const glob of globs) {
    const excludes = glob.startsWith('!');
    const pattern = glob.replace(/^!/, '').replace(/^\.\//, '').replace(/\/$/, '');
    if (posix.matchesGlob(folder, pattern)) member = !excludes;
  }
  return member;
}

const list = z.array(z.string());
const workspaces = z.object({
  workspaces: z.union([list, z.object({ packages: list })]).optional(),
});

function workspacesOf(text: string): readonly string[] {
  const found = parseReport(text, workspaces)?.workspaces ?? [];
  return 'packages' in found ? found.packages : found;
}

const packages = z.object({ packages: list.optional() });

function packagesOf(text: string): readonly string[] {
  return parseReport(text, packages)?.packages ?? [];
}

function pnpmPackages(text: string): readonly string[] {
  try {
    return packages.safeParse(parse(text)).data?.packages ?? [];
  } catch {
    // pnpm cannot read it either.
    return [];
  }
}
