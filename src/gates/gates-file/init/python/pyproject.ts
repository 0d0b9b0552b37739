import { parse } from 'smol-toml';
import { z } from 'zod';

import type { Project } from '../project.ts';

const unknowns = z.record(z.string(), z.unknown()).catch({});
const lists = z.record(z.string(), z.array(z.unknown()).catch([])).catch({});
const schema = z.object({
  project: z
    .object({
      dependencies: z.array(z.unknown()).catch([]),
      'optional-dependencies': lists,
    })
    .partial()
    .catch({}),
  'dependency-groups': lists,
  tool: unknowns,
});

/** What the gates file needs to know of pyproject.toml and the files of requirements beside it. */
export interface Pyproject {
  /** True when there is a pyproject.toml. */
  readonly exists: boolean;
  /** Names of [project.optional-dependencies], and of [dependency-groups]. */
  readonly extras: readonly string[];
  readonly groups: readonly string[];
  /** Files of requirements at the top, sorted. */
  readonly requirements: readonly string[];
  /** True when a requirement of any kind names the package. */
  readonly uses: (name: string) => boolean;
  /** True when there is a table [tool.NAME]. */
  readonly configures: (name: string) => boolean;
  /** True when [tool.NAME] holds one of the keys, at any depth up to three. */
  readonly says: (name: string, keys: readonly string[]) => boolean;
}

/** Reads pyproject.toml; a text when it cannot be read. */
export async function readPyproject(project: Project): Promise<Pyproject | string> {
  const text = await project.text('pyproject.toml');
  const exists = await project.has('pyproject.toml');
  const value = text === undefined ? {} : parseToml(text);
  if (value === undefined || (exists && text === undefined))
    return 'pyproject.toml cannot be read as TOML, so nothing of it was used.';
  const data = schema.parse({ project: {}, 'dependency-groups': {}, tool: {}, ...value });
  const requirements = (await project.names()).filter((name) => requirementsFile.test(name));
  const files = await Promise.all(requirements.map((name) => project.text(name)));
  const lines = files.flatMap((file) => (file ?? '').split('\n'));
  const extras = data.project['optional-dependencies'] ?? {};
  const groups = data['dependency-groups'];
  const names = new Set(
    [
      ...(data.project.dependencies ?? []),
      ...Object.values(extras).flat(),
      ...Object.values(groups).flat(),
      ...toolDependencies(data.tool),
      ...lines,
    ].flatMap(nameOf),
  );
  return {
    exists,
    extras: Object.keys(extras),
    groups: Object.keys(groups),
    requirements,
    uses: (name) => names.has(name),
    configures: (name) => Object.hasOwn(data.tool, name),
    says: (name, keys) => holds(Object.hasOwn(data.tool, name) ? data.tool[name] : {}, keys, 3),
  };
}

const requirementsFile = /^(?:[a-z]+[-_.])?requirements(?:[-_.][a-z]+)?\.txt$/;

/** Dependencies as uv, Poetry, PDM and Hatch list them for development. */
function toolDependencies(tool: Readonly<Record<string, unknown>>): readonly unknown[] {
  return [
    ...keysAndTexts(tool['poetry'], ['dependencies', 'dev-dependencies', 'group']),
    ...keysAndTexts(tool['uv'], ['dev-dependencies']),
    ...keysAndTexts(tool['pdm'], ['dev-dependencies']),
    ...keysAndTexts(tool['hatch'], ['envs']),
  ];
}

function keysAndTexts(table: unknown, keys: readonly string[]): readonly string[] {
  const parts = unknowns.parse(table ?? {});
  return keys.flatMap((key) => (Object.hasOwn(parts, key) ? textsIn(parts[key], 4) : []));
}

/** Keys of tables and texts of lists, down to a depth. */
function textsIn(value: unknown, depth: number): readonly string[] {
  if (typeof value === 'string') return [value];
  if (depth === 0 || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => textsIn(item, depth - 1));
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item, depth - 1)]);
}

function holds(value: unknown, keys: readonly string[], depth: number): boolean {
  if (depth === 0 || typeof value !== 'object' || value === null || Array.isArray(value))
    return false;
  return Object.entries(value).some(
    ([key, inner]) => keys.includes(key) || holds(inner, keys, depth - 1),
  );
}

/** The normal form of the name at the start of a requirement: `Pytest_Cov[toml]>=4` is `pytest-cov`. */
function nameOf(requirement: unknown): readonly string[] {
  if (typeof requirement !== 'string') return [];
  const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(requirement)?.[1];
  return name === undefined ? [] : [name.toLowerCase().replaceAll(/[-_.]+/g, '-')];
}

function parseToml(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
