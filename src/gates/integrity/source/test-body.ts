import type { Node } from '@babel/types';

import { isConstant, type Constants } from './constant.ts';
import { childrenOf } from '../syntax.ts';

/** A source file with the facts that reading one of its tests takes. */
export interface TestSource {
  readonly text: string;
  readonly constants: Constants;
  /** Names of the functions in it that assert something. */
  readonly assertingFunctions: Set<string>;
}

/** The title of a test or suite; its source where it is no string. */
export function titleOf(source: TestSource, node: Node): string {
  if (node.type === 'StringLiteral') return node.value;
  return source.text.slice(node.start ?? 0, node.end ?? 0).slice(0, 500);
}

/** The function of a test: the node that is one, or that names or makes one. */
export function functionOf(source: TestSource, node: Node): Node | undefined {
  if (node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression') return node;
  if (node.type === 'Identifier') return source.constants.get(node.name) ?? node;
  return node.type === 'CallExpression' || node.type === 'MemberExpression' ? node : undefined;
}

/** The facts about the body of a test. */
export function readBody(source: TestSource, callback: Node | undefined) {
  if (callback?.type !== 'ArrowFunctionExpression' && callback?.type !== 'FunctionExpression') {
    // The function is declared elsewhere or made by a call, so there is no body to compare.
    return { body: undefined, statements: 0, assertions: 0, calls: [] };
  }
  const { body } = callback;
  const own = source.text.slice(body.start ?? 0, body.end ?? 0).split('\n');
  return {
    body: own.map((line) => line.trim()).filter(Boolean),
    statements: body.type === 'BlockStatement' ? body.body.length : 1,
    assertions: assertionsIn(body, source.constants, source.assertingFunctions),
    calls: callsIn(body),
  };
}

/** True for an expression that may be a title. */
export function isText(node: Node): boolean {
  return (
    node.type === 'StringLiteral' ||
    node.type === 'TemplateLiteral' ||
    node.type === 'BinaryExpression'
  );
}

/** Functions that by their name assert something, those of any assertion library included. */
const assertingName = /^(expect|assert|should|verify|check|must|ensure)/i;
/** These say how many assertions are to come, and assert nothing themselves. */
const announces = /^(hasAssertions|assertions|plan)$/;

/** How many calls below this node can fail the test; those on constants alone cannot. */
function assertionsIn(
  node: Node,
  constants: Constants,
  assertingFunctions: ReadonlySet<string> = new Set(),
): number {
  let count = 0;
  visit(node);
  return count;

  function visit(current: Node): void {
    if (current.type === 'IfStatement' && isFalse(current.test)) {
      if (current.alternate) visit(current.alternate);
      return;
    }
    if (current.type === 'CallExpression' && asserts(current)) count += 1;
    const children = childrenOf(current);
    for (const child of children) {
      visit(child);
      // What follows in the block is never reached.
      if (child.type === 'ReturnStatement' || child.type === 'ThrowStatement') break;
    }
    if (current.type === 'ThrowStatement') count += 1;
  }

  function asserts(call: Node): boolean {
    if (call.type !== 'CallExpression') return false;
    const names = namesOf(call.callee);
    const last = names.at(-1);
    if (last === undefined || announces.test(last)) return false;
    if (names.some((name) => assertingFunctions.has(name))) return true;
    // `expect(x).toBe(y)`: the matcher's values count as well as those of `expect`.
    const inner = assertedCall(call.callee);
    const isAssertion = inner !== undefined || names.some((name) => assertingName.test(name));
    if (!isAssertion) return false;
    const values = call.arguments;
    return values.length === 0
      ? inner === undefined
      : !values.every((value) => isConstant(value, constants));
  }
}

/** The functions of a file, declared anywhere in it, that assert or call one that does. */
export function assertingFunctionsIn(program: Node, constants: Constants): Set<string> {
  const bodies = new Map<string, Node>();
  collect(program);
  const asserting = new Set<string>();
  // A helper that calls a helper that calls a helper is as far as this looks.
  for (let round = 0; round < 3; round += 1) {
    for (const [name, body] of bodies) {
      if (!asserting.has(name) && assertionsIn(body, constants, asserting) > 0) asserting.add(name);
    }
  }
  return asserting;

  function collect(node: Node): void {
    if (node.type === 'FunctionDeclaration' && node.id) {
      bodies.set(node.id.name, node.body);
    } else if (
      node.type === 'VariableDeclarator' &&
      node.id.type === 'Identifier' &&
      (node.init?.type === 'ArrowFunctionExpression' || node.init?.type === 'FunctionExpression')
    ) {
      bodies.set(node.id.name, node.init.body);
    }
    for (const child of childrenOf(node)) collect(child);
  }
}

/** Names of the functions called below this node. */
function callsIn(node: Node): string[] {
  const names = new Set<string>();
  visit(node);
  return [...names];

  function visit(current: Node): void {
    if (current.type === 'CallExpression') {
      for (const name of namesOf(current.callee)) names.add(name);
    }
    for (const child of childrenOf(current)) visit(child);
  }
}

/** `a.b.c` as its names; a call within ends it. */
function namesOf(callee: Node): string[] {
  const names: string[] = [];
  let node = callee;
  while (node.type === 'MemberExpression' || node.type === 'OptionalMemberExpression') {
    if (node.property.type === 'Identifier') names.unshift(node.property.name);
    node = node.object;
  }
  if (node.type === 'Identifier') names.unshift(node.name);
  return names;
}

/** The `expect(…)` that a matcher such as `expect(…).not.toBe` belongs to. */
function assertedCall(callee: Node): Node | undefined {
  let node = callee;
  while (node.type === 'MemberExpression') node = node.object;
  if (node === callee || node.type !== 'CallExpression') return undefined;
  return namesOf(node.callee).some((name) => assertingName.test(name)) ? node : undefined;
}

function isFalse(node: Node): boolean {
  return (
    (node.type === 'BooleanLiteral' && !node.value) ||
    (node.type === 'NumericLiteral' && node.value === 0)
  );
}
