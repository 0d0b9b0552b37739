import { copyFile, stat } from 'node:fs/promises';
import path from 'node:path';

import type { Node, ObjectExpression } from '@babel/types';
import { z } from 'zod';

import type { Checkout, Tool } from '../gate.ts';
import { parseSource } from '../integrity/syntax.ts';
import { ancestors } from './find-tool.ts';
import { parseReport } from './reports.ts';
import { isAtLeast } from './versions.ts';

/** The coverage options that vitest takes from the configuration of a project. */
export interface CoverageSettings {
  /** Directory that globs are relative to. */
  readonly root: string;
  /** Globs of the files that coverage counts; undefined when the project does not say which. */
  readonly include: readonly string[] | undefined;
  readonly provider: string | undefined;
}

/**
 * Reads the settings from the text of the configuration where that is certain, and asks vitest where it is not:
 * only what vitest resolves at the root has an effect, not the options of its projects.
 */
export async function readCoverageSettings(
  checkout: Checkout,
  tool: Tool,
): Promise<CoverageSettings> {
  const root = path.join(checkout.directory, checkout.options.test.root ?? '.');
  const text = await configurationText(checkout, { tool, root });
  const literal = text === 'none' ? {} : literalSettings(text);
  if (literal) return { root, include: undefined, provider: undefined, ...literal };
  return (await askVitest(checkout, tool)) ?? { root, include: undefined, provider: undefined };
}

/** In the order vitest looks for them. */
const configFiles = ['vitest.config', 'vite.config'].flatMap((name) =>
  ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].map((extension) => `${name}.${extension}`),
);

/** The text of the configuration that vitest reads; `none` when there is none, undefined when it cannot be read here. */
async function configurationText(
  checkout: Checkout,
  { tool, root }: { readonly tool: Tool; readonly root: string },
): Promise<string | undefined> {
  // From version 5 on, vitest does not look above the root.
  for (const place of isAtLeast(tool, '5.0.0') ? [root] : ancestors(root)) {
    for (const file of configFiles) {
      const stats = await stat(path.join(place, file)).catch(() => undefined);
      if (stats?.isFile()) return checkout.readReport(path.join(place, file), 0);
    }
  }
  return 'none';
}

type LiteralSettings = Partial<Pick<CoverageSettings, 'include' | 'provider'>>;

/**
 * The settings of a configuration that is one literal object, as most are; undefined for one that is put together
 * from several, that a function makes, or that moves the root. What a plugin sets is not seen.
 */
export function literalSettings(text: string | undefined): LiteralSettings | undefined {
  const config = exportedObject(parseSource(text ?? '', 'vitest.config.ts')?.root);
  if (!config || memberOf(config, 'root')) return undefined;
  const test = memberOf(config, 'test');
  if (!test) return {};
  if (!isPlain(test) || memberOf(test, 'root')) return undefined;
  const coverage = memberOf(test, 'coverage');
  if (!coverage) return {};
  if (!isPlain(coverage)) return undefined;
  const provider = memberOf(coverage, 'provider');
  const include = memberOf(coverage, 'include');
  const globs = include && textsOf(include);
  if (provider && provider.type !== 'StringLiteral') return undefined;
  if (include && !globs) return undefined;
  return { ...(globs && { include: globs }), ...(provider && { provider: provider.value }) };
}

/** What a module exports by default, if that is an object without spread entries, alone or in `defineConfig`. */
function exportedObject(program: Node | undefined): ObjectExpression | undefined {
  if (program?.type !== 'Program') return undefined;
  const exported = program.body.find((node) => node.type === 'ExportDefaultDeclaration');
  let value: Node | undefined = exported?.declaration;
  for (;;) {
    if (value?.type === 'TSSatisfiesExpression' || value?.type === 'TSAsExpression') {
      value = value.expression;
    } else if (value?.type === 'CallExpression' && isDefineConfig(value.callee)) {
      value = value.arguments[0];
    } else {
      return isPlain(value) ? value : undefined;
    }
  }
}

function isDefineConfig(callee: Node): boolean {
  return callee.type === 'Identifier' && callee.name === 'defineConfig';
}

/** An object whose entries are all written out, by name. */
function isPlain(node: Node | undefined): node is ObjectExpression {
  if (node?.type !== 'ObjectExpression') return false;
  return node.properties.every((entry) => entry.type === 'ObjectProperty' && !entry.computed);
}

/** The value of a key of an object in code; of several the last, which is the one that counts. */
function memberOf(object: ObjectExpression, name: string): Node | undefined {
  const entry = object.properties.findLast(
    (property) =>
      property.type === 'ObjectProperty' &&
      ((property.key.type === 'Identifier' && property.key.name === name) ||
        (property.key.type === 'StringLiteral' && property.key.value === name)),
  );
  return entry?.type === 'ObjectProperty' ? entry.value : undefined;
}

function textsOf(node: Node): readonly string[] | undefined {
  if (node.type !== 'ArrayExpression') return undefined;
  const texts = node.elements.flatMap((element) =>
    element?.type === 'StringLiteral' ? [element.value] : [],
  );
  return texts.length === node.elements.length ? texts : undefined;
}

const answerSchema = z.object({
  root: z.string(),
  include: z.array(z.string()).optional(),
  provider: z.string().optional(),
});

/** Undefined when vitest cannot read its configuration: the run itself will say so. */
async function askVitest(checkout: Checkout, tool: Tool): Promise<CoverageSettings | undefined> {
  const scratch = await checkout.scratch('question');
  // The built gates hold it as JavaScript. Node reads both, by the ending.
  const ending = path.extname(import.meta.filename);
  const question = path.join(scratch, `question${ending.replace('.', '.m')}`);
  await copyFile(path.join(import.meta.dirname, `vitest-question${ending}`), question);
  const answer = path.join(scratch, 'answer.json');
  const { root } = checkout.options.test;
  const run = await checkout.run({ ...tool, entry: question }, [
    answer,
    tool.entry,
    ...(root === undefined ? [] : [root]),
  ]);
  const text = await checkout.readReport(answer, run.startedAt);
  const answered = text === undefined ? undefined : parseReport(text, answerSchema);
  return answered && { include: undefined, provider: undefined, ...answered };
}
