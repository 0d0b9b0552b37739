import { posix } from 'node:path';

import { parseExpression } from '@babel/parser';
import type { Node } from '@babel/types';

import { memberOf } from '../../integrity/syntax.ts';

/** A project of TypeScript by the path of its tsconfig, and those that it references. */
export interface Reached {
  readonly project: string;
  readonly references: readonly string[];
}

/**
 * The projects and all that they reference, directly or not, each once: `tsc -p` checks no reference, so a
 * tsconfig of references alone would pass with nothing checked. Paths are relative to the directory under check.
 */
export async function reachedFrom(
  projects: readonly string[],
  readText: (path: string) => Promise<string | undefined>,
): Promise<readonly Reached[]> {
  const reached: Reached[] = [];
  // The set grows during the loop; a project is added once.
  const known = new Set(projects);
  for (const project of known) {
    const references = tsconfigReferences((await readText(project)) ?? '').map((reference) => {
      const target = posix.join(posix.dirname(project), reference);
      return target.endsWith('.json') ? target : posix.join(target, 'tsconfig.json');
    });
    for (const reference of references) known.add(reference);
    reached.push({ project, references });
  }
  return reached;
}

/** The `references` of a tsconfig, as written there; empty for a text that is not one. */
export function tsconfigReferences(text: string): readonly string[] {
  return listIn(text, 'references').flatMap((element) => {
    const path = memberOf(element, 'path');
    return path?.type === 'StringLiteral' ? [path.value] : [];
  });
}

/** The globs of `exclude` in a tsconfig: what whoever wrote it leaves out on purpose. */
export function tsconfigExclude(text: string): readonly string[] {
  return listIn(text, 'exclude').flatMap((element) =>
    element.type === 'StringLiteral' ? [element.value] : [],
  );
}

/** The elements of a list at the top of a tsconfig; none for a text that is not one. */
function listIn(text: string, name: string): readonly Node[] {
  let config: Node;
  try {
    // JSON with comments and trailing commas is a part of JavaScript.
    config = parseExpression(text);
  } catch {
    return [];
  }
  const list = memberOf(config, name);
  return list?.type === 'ArrayExpression'
    ? list.elements.filter((element) => element !== null)
    : [];
}
