import type { Node } from '@babel/types';

import { childrenOf } from '../syntax.ts';
import { surroundingsOf, type SurroundingNames, type Surroundings } from './environment.ts';

export interface Condition {
  readonly test: Node;
  readonly on: Surroundings;
}

/** Where a condition stands. */
export interface Guarded {
  readonly names: SurroundingNames;
  readonly assertingFunctions: ReadonlySet<string>;
  /** The statements after it, which an early return leaves out. */
  readonly following: readonly Node[];
  readonly isInTest: boolean;
}

/**
 * The condition of this node, when it depends on where the code runs and decides whether a test, an assertion or
 * the rest of a function is run. A value that merely differs (`process.env.PORT ?? 80`) is none.
 */
export function guardOf(node: Node, place: Guarded): Condition | undefined {
  const guard = guardIn(node);
  const on = guard && surroundingsOf(guard.test, place.names);
  if (!on) return undefined;
  const leaves = place.isInTest || place.following.some(tests);
  return guard.guarded.some((branch) => tests(branch) || (leaves && returns(branch)))
    ? { test: guard.test, on }
    : undefined;

  function tests(branch: Node): boolean {
    if (branch.type === 'Identifier') {
      return testWords.test(branch.name) || place.assertingFunctions.has(branch.name);
    }
    return childrenOf(branch).some(tests);
  }
}

function guardIn(
  node: Node,
): { readonly test: Node; readonly guarded: readonly Node[] } | undefined {
  switch (node.type) {
    case 'IfStatement':
    case 'ConditionalExpression':
      return {
        test: node.test,
        guarded: [node.consequent, ...(node.alternate ? [node.alternate] : [])],
      };
    case 'LogicalExpression':
      return { test: node.left, guarded: [node.right] };
    case 'WhileStatement':
      return { test: node.test, guarded: [node.body] };
    case 'ForStatement':
      return node.test ? { test: node.test, guarded: [node.body] } : undefined;
    case 'ForOfStatement':
      return { test: node.right, guarded: [node.body] };
    case 'SwitchStatement':
      return { test: node.discriminant, guarded: node.cases };
    default:
      return undefined;
  }
}

/** The early end of a function that returns nothing. */
function returns(node: Node): boolean {
  if (node.type === 'ReturnStatement') return !node.argument || isNothing(node.argument);
  return !node.type.includes('Function') && childrenOf(node).some(returns);
}

const testWords =
  /^(it|test|describe|suite|specify|expect|assert|skip|xit|xtest|xdescribe|fit|fdescribe)$/;

function isNothing(value: Node): boolean {
  if (value.type === 'NullLiteral') return true;
  if (value.type === 'Identifier') return value.name === 'undefined';
  if (value.type === 'UnaryExpression') return value.operator === 'void';
  return (
    value.type === 'CallExpression' &&
    value.arguments.length === 0 &&
    value.callee.type === 'MemberExpression' &&
    value.callee.property.type === 'Identifier' &&
    value.callee.property.name === 'resolve'
  );
}
