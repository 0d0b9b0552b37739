import { posix } from 'node:path';

import { z } from 'zod';

import type { Project } from '../project.ts';
import type { Scripts } from './scripts.ts';

/** Maximum scripts that are looked at. */
const maxScripts = 500;

const texts = z.record(z.string(), z.unknown()).catch({});
const schema = z.object({
  name: z.string().catch(''),
  scripts: texts,
  packageManager: z.string().optional().catch(undefined),
  workspaces: z.unknown().optional(),
  jest: z.unknown().optional(),
  dependencies: texts,
  devDependencies: texts,
  peerDependencies: texts,
  optionalDependencies: texts,
});

/** What the gates file needs to know of a package.json. */
export interface PackageJson {
  /** Empty when it has none. */
  readonly name: string;
  readonly scripts: Scripts;
  readonly packageManager: string | undefined;
  readonly hasWorkspaces: boolean;
  /** Text of the configuration of jest in it. */
  readonly jest: string;
  /** True when it names the package among its dependencies, of any kind. */
  readonly uses: (name: string) => boolean;
  readonly rangeOf: (name: string) => string | undefined;
}

/** Reads the package.json of the project, or of a folder in it; undefined when there is none, a text when it cannot be read. */
export async function readPackageJson(
  project: Project,
  folder = '.',
): Promise<PackageJson | string | undefined> {
  const file = posix.join(folder, 'package.json');
  if (!(await project.has(file))) return undefined;
  const text = await project.text(file);
  const { data } = schema.safeParse(parse(text ?? ''));
  if (data === undefined) return 'package.json is no JSON object, so its scripts were not read.';
  const ranges = new Map(
    [
      data.peerDependencies,
      data.optionalDependencies,
      data.dependencies,
      data.devDependencies,
    ].flatMap((dependencies) => Object.entries(dependencies)),
  );
  return {
    name: data.name,
    scripts: scriptsOf(data.scripts),
    packageManager: data.packageManager,
    hasWorkspaces: data.workspaces !== undefined,
    jest: JSON.stringify(data.jest ?? ''),
    uses: (name) => ranges.has(name),
    rangeOf: (name) => {
      const range = ranges.get(name);
      return typeof range === 'string' ? range : undefined;
    },
  };
}

function scriptsOf(scripts: Readonly<Record<string, unknown>>): Scripts {
  const entries = Object.entries(scripts).slice(0, maxScripts);
  return Object.fromEntries(
    entries.flatMap(([name, script]) => (typeof script === 'string' ? [[name, script]] : [])),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
