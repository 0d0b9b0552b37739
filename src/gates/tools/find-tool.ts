import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { z } from 'zod';

import { CoordinatorError } from '../../errors.ts';
import type { Tool, ToolName } from '../gate.ts';
import { checkVersion } from './versions.ts';

/** A tool is not installed where it is looked for. The message says what to install. */
export class ToolMissing extends CoordinatorError {
  constructor(message: string, options?: ErrorOptions) {
    super('tool_missing', message, options);
    this.name = 'ToolMissing';
  }
}

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
}: {
  readonly directory: string;
  readonly toolsFrom: string | undefined;
}): (name: ToolName) => Promise<Tool> {
  const places = toolsFrom === undefined ? ancestors(directory) : [toolsFrom];
  const found = new Map<ToolName, Promise<Tool>>();
  return (name) => {
    const tool = found.get(name) ?? findTool(name, places);
    found.set(name, tool);
    return tool;
  };
}

/** The directory and all above it, innermost first. */
export function ancestors(directory: string): readonly string[] {
  const parent = dirname(directory);
  return parent === directory ? [directory] : [directory, ...ancestors(parent)];
}

async function findTool(name: ToolName, places: readonly string[]): Promise<Tool> {
  for (const place of places) {
    const root = join(place, 'node_modules', name);
    const text = await readFile(join(root, 'package.json'), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const tool = await readTool(name, { root, text });
    checkVersion(tool);
    return tool;
  }
  throw new ToolMissing(
    `${name} is not installed in ${places[0] ?? ''}: run npm install --save-dev ${name} there (or npm ci, when package.json names it already).`,
  );
}

async function readTool(
  name: ToolName,
  { root, text }: { readonly root: string; readonly text: string },
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
      `${root} is not a whole installation of ${name}: remove node_modules and run npm ci.`,
      { cause: error },
    );
  }
}
