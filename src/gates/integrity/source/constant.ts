import type { Node } from '@babel/types';

import { childrenOf } from '../syntax.ts';

/** Top-level constants of a file by name. */
export type Constants = ReadonlyMap<string, Node>;

/** The constants a file declares at its top level. */
export function constantsOf(program: Node): Constants {
  const constants = new Map<string, Node>();
  for (const statement of childrenOf(program)) {
    const declared =
      statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declared?.type !== 'VariableDeclaration' || declared.kind !== 'const') continue;
    for (const { id, init } of declared.declarations) {
      if (id.type === 'Identifier' && init) constants.set(id.name, init);
    }
  }
  return constants;
}

/** True when the expression has the same value on every evaluation. */
export function isConstant(node: Node, constants: Constants, depth = 0): boolean {
  // Bounds constants that refer to each other in a cycle, and very long expressions.
  if (depth > 30) return false;
  const all = (parts: readonly (Node | null)[]) =>
    parts.every((part) => part === null || isConstant(part, constants, depth + 1));
  switch (node.type) {
    case 'StringLiteral':
    case 'NumericLiteral':
    case 'BooleanLiteral':
    case 'NullLiteral':
    case 'BigIntLiteral':
    case 'RegExpLiteral':
      return true;
    case 'Identifier': {
      const value = constants.get(node.name);
      return node.name === 'undefined' || (value !== undefined && all([value]));
    }
    case 'TemplateLiteral':
      return all(node.expressions);
    case 'UnaryExpression':
      return all([node.argument]);
    case 'BinaryExpression':
    case 'LogicalExpression':
      return all([node.left, node.right]);
    case 'ConditionalExpression':
      return all([node.test, node.consequent, node.alternate]);
    case 'ArrayExpression':
      return all(node.elements);
    case 'ObjectExpression':
      return node.properties.every(
        (property) => property.type === 'ObjectProperty' && all([property.value]),
      );
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
      return all([node.expression]);
    default:
      return false;
  }
}

/** The text of an expression that is a string known from the file alone. */
function constantString(node: Node, constants: Constants, depth = 0): string | undefined {
  if (depth > 30) return undefined;
  switch (node.type) {
    case 'StringLiteral':
      return node.value;
    case 'TemplateLiteral':
      return node.expressions.length === 0 ? node.quasis[0]?.value.raw : undefined;
    case 'Identifier': {
      const value = constants.get(node.name);
      return value && constantString(value, constants, depth + 1);
    }
    case 'BinaryExpression': {
      const left = constantString(node.left, constants, depth + 1);
      const right = constantString(node.right, constants, depth + 1);
      return left === undefined || right === undefined ? undefined : left + right;
    }
    default:
      return undefined;
  }
}

/** The name of a property, of `.name` and `['name']` alike. */
export function propertyName(key: Node, computed: boolean, constants: Constants) {
  if (!computed && key.type === 'Identifier') return key.name;
  return constantString(key, constants);
}
