import { posix } from 'node:path';

import type { Node } from '@babel/types';

import { childrenOf, parseSource } from '../syntax.ts';

/** Which files coverage counts, as far as a configuration says so in plain lists. */
export interface Measured {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** What counts when no configuration says so. */
const defaultInclude = ['**/src/**', 'src/**'];

/** Reads the lists of `coverage` in configurations of vitest, by path. */
export function measuredBy(configs: ReadonlyMap<string, string>): Measured {
  const include: string[] = [];
  const exclude: string[] = [];
  for (const [path, text] of configs) {
    const directory = posix.dirname(path);
    const root = parseSource(text, path)?.root;
    if (root) visit(root, directory);
  }
  return { include: include.length > 0 ? include : defaultInclude, exclude };

  function visit(node: Node, directory: string): void {
    if (node.type === 'ObjectProperty' && nameOf(node) === 'coverage') {
      for (const entry of childrenOf(node.value)) {
        if (entry.type !== 'ObjectProperty') continue;
        const globs = stringsIn(entry.value).map((glob) => posix.join(directory, glob));
        if (nameOf(entry) === 'include') include.push(...globs);
        if (nameOf(entry) === 'exclude') exclude.push(...globs);
      }
    }
    for (const child of childrenOf(node)) visit(child, directory);
  }
}

/** True for a file that coverage counts. */
export function isMeasured(path: string, { include, exclude }: Measured): boolean {
  const matches = (glob: string) => posix.matchesGlob(path, glob);
  return include.some(matches) && !exclude.some(matches);
}

function nameOf(property: Node): string | undefined {
  if (property.type !== 'ObjectProperty') return undefined;
  const { key } = property;
  return key.type === 'Identifier'
    ? key.name
    : key.type === 'StringLiteral'
      ? key.value
      : undefined;
}

function stringsIn(node: Node): string[] {
  if (node.type !== 'ArrayExpression') return [];
  return node.elements.flatMap((each) => (each?.type === 'StringLiteral' ? [each.value] : []));
}
