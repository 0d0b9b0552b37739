import { parseExpression } from '@babel/parser';
import type { Node } from '@babel/types';

/** The `references` of a tsconfig, as written there; empty for a text that is not one. */
export function tsconfigReferences(text: string): readonly string[] {
  let config: Node;
  try {
    // JSON with comments and trailing commas is a part of JavaScript.
    config = parseExpression(text);
  } catch {
    return [];
  }
  const references = property(config, 'references');
  if (references?.type !== 'ArrayExpression') return [];
  return references.elements.flatMap((element) => {
    const path = element && property(element, 'path');
    return path?.type === 'StringLiteral' ? [path.value] : [];
  });
}

function property(node: Node, name: string): Node | undefined {
  if (node.type !== 'ObjectExpression') return undefined;
  for (const entry of node.properties) {
    if (entry.type === 'ObjectProperty' && isNamed(entry.key, name)) return entry.value;
  }
  return undefined;
}

function isNamed(key: Node, name: string): boolean {
  return key.type === 'StringLiteral' && key.value === name;
}
