import { glob, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { CoordinatorError } from '../../errors.ts';
import type { ToolName } from '../gate.ts';
import { parseReport } from './reports.ts';
import { readPackages } from './scope/packages.ts';

/** A tool is not installed where it is looked for, and the project uses it. The message says what to run. */
export class ToolMissing extends CoordinatorError {
  constructor(message: string, options?: ErrorOptions) {
    super('tool_missing', message, options);
    this.name = 'ToolMissing';
  }
}

/** The project does not use a tool: no package.json names it, and it is not installed. The message says what was seen instead. */
class ToolUnused extends CoordinatorError {
  constructor(message: string) {
    super('tool_unused', message);
    this.name = 'ToolUnused';
  }
}

/** Where a tool was looked for in vain. */
export interface Search {
  /** The directory under check, and those above it, innermost first. */
  readonly directories: readonly string[];
  readonly toolsFrom: string | undefined;
  /** Text of the package.json at the base, which the change under check did not write. */
  readonly baseManifest: () => Promise<string | undefined>;
}

/** Why a tool is not there: the project does not use it, or it is not installed. */
export async function missingTool(name: ToolName, search: Search): Promise<CoordinatorError> {
  const { directories, toolsFrom } = search;
  const [directory = '.'] = directories;
  const project = await readProject(search);
  const { install, add } = commandsOf(project.manager);
  const place = toolsFrom ?? directory;
  if (await isFile(join(directory, '.pnp.cjs')))
    return new ToolMissing(
      `${name} was not found: the project uses Plug'n'Play of Yarn, in which there is no node_modules. Set nodeLinker to node-modules in .yarnrc.yml and run ${install}.`,
    );
  if (project.manifests.some((manifest) => names(manifest, name)))
    return new ToolMissing(
      `${name} is named in package.json, but not installed in ${place}: run ${install} there.`,
    );
  const [member, ...more] = await membersThatName(name, directory);
  if (member !== undefined)
    return new ToolMissing(
      `${name} is a dependency of ${member}${more.length > 0 ? ` and ${more.length} more` : ''}, not of the root: run the gates there, or run ${add} ${name} at the root.`,
    );
  const seen = await seenInstead(name, { directory, manifests: project.manifests });
  return new ToolUnused(
    `The project does not use ${name}: no package.json names it, and it is not installed.${seen.length > 0 ? ` Seen instead: ${seen.join(', ')}, for which .mosaic/gates.json can name a gate.` : ` To use it, run ${add} ${name}.`}`,
  );
}

/** Why an eslint that is installed is not the project's own: xo and standard bring it along, and configure it themselves. */
export async function eslintOfAnother(search: Search): Promise<CoordinatorError | undefined> {
  const [directory = '.'] = search.directories;
  const { manifests } = await readProject(search);
  if (manifests.some((manifest) => names(manifest, 'eslint'))) return undefined;
  const seen = await seenInstead('eslint', { directory, manifests });
  const by = seen.find((found) => found === 'xo' || found === 'standard');
  const files = await readdir(directory).catch(() => []);
  if (by === undefined || files.some((file) => /^(eslint\.config\.|\.eslintrc)/.test(file)))
    return undefined;
  return new ToolUnused(
    `The project does not use eslint by itself: ${by} brings it along, for which .mosaic/gates.json can name a gate.`,
  );
}

/** The command that installs what the lockfile of a project says. */
export async function installCommand(search: Search): Promise<string> {
  return commandsOf((await readProject(search)).manager).install;
}

const record = z.record(z.string(), z.string()).optional().catch(undefined);
const manifestSchema = z.object({
  dependencies: record,
  devDependencies: record,
  peerDependencies: record,
  optionalDependencies: record,
  scripts: record,
  workspaces: z.unknown().optional(),
});
type Manifest = z.infer<typeof manifestSchema>;

function names(manifest: Manifest, dependency: string): boolean {
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = manifest;
  return [dependencies, devDependencies, peerDependencies, optionalDependencies].some(
    (group) => group !== undefined && Object.hasOwn(group, dependency),
  );
}

/** Lockfiles, and the package managers that write them. */
const lockfiles = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
] as const;
type Manager = (typeof lockfiles)[number][1] | 'yarn 1';

/** The manifests of the directory, the workspaces above it and the base, and the package manager. */
async function readProject({ directories, baseManifest }: Search) {
  const manifests: Manifest[] = [];
  let manager: Manager | undefined;
  for (const directory of directories) {
    const manifest = parseReport((await textOf(directory, 'package.json')) ?? '', manifestSchema);
    const isInner = directory === directories[0];
    const isWorkspace =
      manifest?.workspaces !== undefined || (await isFile(join(directory, 'pnpm-workspace.yaml')));
    if (manifest && (isInner || isWorkspace)) manifests.push(manifest);
    if (isInner || isWorkspace) manager ??= await managerOf(directory);
    if ((await stat(join(directory, '.git')).catch(() => undefined)) !== undefined) break;
  }
  const base = parseReport((await baseManifest()) ?? '', manifestSchema);
  return { manifests: base ? [...manifests, base] : manifests, manager };
}

async function managerOf(directory: string): Promise<Manager | undefined> {
  for (const [file, manager] of lockfiles) {
    if (!(await isFile(join(directory, file)))) continue;
    const isYarn1 =
      manager === 'yarn' && /^# yarn lockfile v1/m.test((await textOf(directory, file)) ?? '');
    return isYarn1 ? 'yarn 1' : manager;
  }
  return undefined;
}

function commandsOf(manager: Manager | undefined): { install: string; add: string } {
  switch (manager) {
    case 'pnpm':
      return { install: 'pnpm install --frozen-lockfile', add: 'pnpm add --save-dev' };
    case 'yarn':
      return { install: 'yarn install --immutable', add: 'yarn add --dev' };
    case 'yarn 1':
      return { install: 'yarn install --frozen-lockfile', add: 'yarn add --dev' };
    case 'bun':
      return { install: 'bun install --frozen-lockfile', add: 'bun add --dev' };
    case 'npm':
      return { install: 'npm ci', add: 'npm install --save-dev' };
    case undefined:
      return { install: 'npm install', add: 'npm install --save-dev' };
  }
}

/** Members of the workspace whose own package.json names the tool. */
async function membersThatName(name: ToolName, directory: string): Promise<readonly string[]> {
  const files: string[] = [];
  const exclude = (path: string) => /(^|\/)(node_modules|\.git)$/.test(path);
  for await (const file of glob('**/package.json', { cwd: directory, exclude })) files.push(file);
  const { own } = await readPackages(files, (path) => textOf(directory, path));
  const found: string[] = [];
  for (const folder of own) {
    const text = await textOf(join(directory, folder), 'package.json');
    const manifest = parseReport(text ?? '', manifestSchema);
    if (folder !== '.' && manifest && names(manifest, name)) found.push(folder);
  }
  return found.toSorted();
}

/** Other tools for the same work: a package that is named, a file that configures it, or a script that runs it. */
interface Other {
  readonly name: string;
  readonly packages?: readonly string[];
  readonly files?: readonly string[];
  readonly script?: RegExp;
}

const others: Record<ToolName, readonly Other[]> = {
  typescript: [
    { name: 'tsgo', packages: ['@typescript/native-preview'] },
    { name: 'flow', packages: ['flow-bin'] },
    { name: 'deno', files: ['deno.json', 'deno.jsonc'] },
  ],
  eslint: [
    { name: 'biome', packages: ['@biomejs/biome'], files: ['biome.json', 'biome.jsonc'] },
    { name: 'oxlint', packages: ['oxlint'], files: ['.oxlintrc.json'] },
    { name: 'xo', packages: ['xo'] },
    { name: 'standard', packages: ['standard', 'ts-standard'] },
    { name: 'deno', files: ['deno.json', 'deno.jsonc'] },
  ],
  vitest: [
    { name: 'jest', packages: ['jest'] },
    { name: 'mocha', packages: ['mocha'] },
    { name: 'ava', packages: ['ava'] },
    { name: 'tap', packages: ['tap'] },
    { name: 'jasmine', packages: ['jasmine'] },
    { name: 'uvu', packages: ['uvu'] },
    { name: 'node:test', packages: ['borp'], script: /\b(node|tsx)\b[^&|;]* --test\b/ },
    { name: 'bun test', script: /\bbun( run)? test\b/ },
    { name: 'deno', files: ['deno.json', 'deno.jsonc'] },
    { name: 'c8', packages: ['c8'] },
    { name: 'nyc', packages: ['nyc'] },
  ],
};

async function seenInstead(
  name: ToolName,
  { directory, manifests }: { readonly directory: string; readonly manifests: readonly Manifest[] },
): Promise<readonly string[]> {
  const seen: string[] = [];
  for (const other of others[name]) {
    const isNamed = (other.packages ?? []).some((found) =>
      manifests.some((manifest) => names(manifest, found)),
    );
    const isRun = manifests.some(({ scripts = {} }) =>
      Object.values(scripts).some((script) => other.script?.test(script)),
    );
    const files = await Promise.all(
      (other.files ?? []).map((file) => isFile(join(directory, file))),
    );
    if (isNamed || isRun || files.includes(true)) seen.push(other.name);
  }
  return seen;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

function textOf(directory: string, file: string): Promise<string | undefined> {
  return readFile(join(directory, file), 'utf8').catch(() => undefined);
}
