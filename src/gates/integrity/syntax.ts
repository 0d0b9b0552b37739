import { parse, parseExpression, type ParserPlugin } from '@babel/parser';
import type { Comment, Node } from '@babel/types';

export interface Syntax {
  readonly root: Node;
  readonly comments: readonly Comment[];
}

/**
 * Parses a source file as tolerantly as Babel can; undefined when that is not enough, which includes text
 * nested so deeply that the parser runs out of stack.
 */
export function parseSource(text: string, path: string): Syntax | undefined {
  for (const plugins of dialects(path)) {
    try {
      const file = parse(text, {
        sourceType: 'unambiguous',
        errorRecovery: true,
        attachComment: false,
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: true,
        plugins: [...plugins, 'decorators'],
      });
      return { root: file.program, comments: file.comments ?? [] };
    } catch {
      // The next dialect.
    }
  }
  return undefined;
}

/** Parses JSON with comments and trailing commas, which is a part of JavaScript; undefined for anything else. */
export function parseJson(text: string): Node | undefined {
  try {
    const node = parseExpression(text);
    return isJson(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

/** The nodes directly below this one, in the order of the text. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  // Most of the time of the gate is spent here: values alone, comments told by their type.
  const values: readonly unknown[] = Object.values(node);
  for (const value of values) {
    if (Array.isArray(value)) {
      for (const item of value) {
        if (isNode(item) && !item.type.startsWith('Comment')) children.push(item);
      }
    } else if (isNode(value)) {
      children.push(value);
    }
  }
  return children;
}

/** What a node consists of, without positions, comments and the way literals are written. */
export function fieldsOf(node: Node): [string, unknown][] {
  return Object.entries(node).filter(([name]) => !unessential.has(name));
}

export function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    'loc' in value
  );
}

/** The lines as the parser counts them: ECMAScript ends one at CR, U+2028 and U+2029 as well. */
export function linesOf(text: string): string[] {
  return text.split(/\r\n|[\n\r\u2028\u2029]/);
}

/** The line the node begins on, from 1; an index into `linesOf`. */
export function lineOf(node: Node | Comment): number {
  return node.loc?.start.line ?? 1;
}

/** The value of a key of a JSON object; undefined when there is none. */
export function memberOf(object: Node | undefined, name: string): Node | undefined {
  if (object?.type !== 'ObjectExpression') return undefined;
  for (const property of object.properties) {
    if (
      property.type === 'ObjectProperty' &&
      property.key.type === 'StringLiteral' &&
      property.key.value === name
    ) {
      return property.value;
    }
  }
  return undefined;
}

const unessential = new Set([
  'start',
  'end',
  'loc',
  'range',
  'extra',
  'errors',
  'comments',
  'tokens',
  'leadingComments',
  'innerComments',
  'trailingComments',
]);

function dialects(path: string): ParserPlugin[][] {
  if (/\.[cm]?ts$/.test(path)) return [['typescript']];
  if (path.endsWith('.tsx')) return [['typescript', 'jsx']];
  return [['jsx'], ['flow', 'jsx']];
}

function isJson(node: Node): boolean {
  switch (node.type) {
    case 'ObjectExpression':
      return node.properties.every(
        (property) =>
          property.type === 'ObjectProperty' && !property.computed && isJson(property.value),
      );
    case 'ArrayExpression':
      return node.elements.every((element) => element !== null && isJson(element));
    case 'UnaryExpression':
      return node.operator === '-' && node.argument.type === 'NumericLiteral';
    case 'StringLiteral':
    case 'NumericLiteral':
    case 'BooleanLiteral':
    case 'NullLiteral':
      return true;
    default:
      return false;
  }
}

/** The name by which `a.b`, `a['b']` or `a[b]` reads a member; empty for any other expression in the brackets. */
export function memberNameOf({ property }: { readonly property: Node }): string {
  if (property.type === 'Identifier') return property.name;
  return property.type === 'StringLiteral' ? property.value : '';
}
