import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { z } from 'zod';

import type { Tool, ToolName } from '../gate.ts';
import {
  eslintOfAnother,
  installCommand,
  missingTool,
  ToolMissing,
  type Search,
} from './missing-tool.ts';
import { checkVersion } from './versions.ts';

const commands: Record<ToolName, string> = {
  typescript: 'tsc',
  eslint: 'eslint',
  vitest: 'vitest',
};

const packageSchema = z.object({
  version: z.string(),
  bin: z.union([z.string(), z.record(z.string(), z.string())]),
});

/**
 * Finds tools as Node would from `directory`, in its own `node_modules` or one further up (hoisted by a
 * workspace); with `toolsFrom` in that directory's `node_modules` alone. Asked again, it answers the same.
 */
export function createToolFinder({
  directory,
  toolsFrom,
  baseManifest = () => Promise.resolve(undefined),
}: {
  readonly directory: string;
  readonly toolsFrom: string | undefined;
  /** Text of the package.json at the base; a tool that it names is used, whatever the change under check says. */
  readonly baseManifest?: () => Promise<string | undefined>;
}): (name: ToolName) => Promise<Tool> {
  const search = { directories: ancestors(directory), toolsFrom, baseManifest };
  const found = new Map<ToolName, Promise<Tool>>();
  return (name) => {
    const tool = found.get(name) ?? findTool(name, search);
    found.set(name, tool);
    return tool;
  };
}

/** The directory and all above it, innermost first. */
export function ancestors(directory: string): readonly string[] {
  const parent = dirname(directory);
  return parent === directory ? [directory] : [directory, ...ancestors(parent)];
}

async function findTool(name: ToolName, search: Search): Promise<Tool> {
  const { directories, toolsFrom } = search;
  for (const place of toolsFrom === undefined ? directories : [toolsFrom]) {
    const root = join(place, 'node_modules', name);
    const text = await readFile(join(root, 'package.json'), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const unused = name === 'eslint' ? await eslintOfAnother(search) : undefined;
    if (unused !== undefined) throw unused;
    const tool = await readTool(name, { root, text, search });
    checkVersion(tool);
    return tool;
  }
  throw await missingTool(name, search);
}

async function readTool(
  name: ToolName,
  { root, text, search }: { readonly root: string; readonly text: string; readonly search: Search },
): Promise<Tool> {
  try {
    const { version, bin } = packageSchema.parse(JSON.parse(text));
    const script = typeof bin === 'string' ? bin : bin[commands[name]];
    if (script === undefined) throw new Error(`no command ${commands[name]}`);
    const home = await realpath(root);
    const entry = await realpath(join(home, script));
    if (relative(home, entry).startsWith('..')) throw new Error(`${script} leaves the package`);
    return { name, version, entry };
  } catch (error) {
    throw new ToolMissing(
      `${root} is not a whole installation of ${name}: remove node_modules and run ${await installCommand(search)}.`,
      { cause: error },
    );
  }
}
