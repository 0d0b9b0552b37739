import type { Node } from '@babel/types';

import { assertionsIn, namesOf, type AssertionSource } from './assertions.ts';
import type { Constants } from './constant.ts';
import { childrenOf } from '../syntax.ts';

/** A source file with the facts that reading one of its tests takes. */
export type TestSource = AssertionSource;

/** The title of a test or suite; its source where it is no string. */
export function titleOf(source: TestSource, node: Node): string {
  if (node.type === 'StringLiteral') return node.value;
  return source.text.slice(node.start ?? 0, node.end ?? 0).slice(0, 500);
}

/** The function of a test: the node that is one, or that names or makes one. */
export function functionOf(source: TestSource, node: Node): Node | undefined {
  if (node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression') return node;
  if (node.type === 'Identifier') {
    const value = source.constants.get(node.name) ?? node;
    return value.type === 'ObjectExpression' ? undefined : value;
  }
  return node.type === 'CallExpression' || node.type === 'MemberExpression' ? node : undefined;
}

/** A body of which nothing is known. */
export const noBody = {
  body: undefined,
  statements: 0,
  assertions: 0,
  sureAssertions: 0,
  expectations: [],
  calls: [],
};

/** The facts about the body of a test. */
export function readBody(source: TestSource, callback: Node | undefined) {
  if (callback?.type !== 'ArrowFunctionExpression' && callback?.type !== 'FunctionExpression') {
    // The function is declared elsewhere or made by a call, so there is no body to compare.
    return noBody;
  }
  const { body } = callback;
  // A parameter may be a `done` that ends the test.
  const waits = callback.params.length > 0;
  const { count, sure, expectations } = assertionsIn(body, source, waits);
  const own = source.text.slice(body.start ?? 0, body.end ?? 0).split('\n');
  return {
    body: own.map((line) => line.trim()).filter(Boolean),
    statements: body.type === 'BlockStatement' ? body.body.length : 1,
    assertions: count,
    sureAssertions: sure,
    expectations,
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

/** The functions of a file, declared anywhere in it, by name. */
export function functionBodiesIn(program: Node): Map<string, Node> {
  const bodies = new Map<string, Node>();
  collect(program);
  return bodies;

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

/** Those of the functions that assert or call one that does. */
export function assertingFunctionsIn(
  bodies: ReadonlyMap<string, Node>,
  constants: Constants,
): Set<string> {
  const asserting = new Set<string>();
  // A helper that calls a helper that calls a helper is as far as this looks.
  for (let round = 0; round < 3; round += 1) {
    for (const [name, body] of bodies) {
      if (asserting.has(name)) continue;
      const { count } = assertionsIn(body, { text: '', constants, assertingFunctions: asserting });
      if (count > 0) asserting.add(name);
    }
  }
  return asserting;
}

/** Names of the functions called below this node. */
export function callsIn(node: Node): string[] {
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
