import type { Node } from '@babel/types';

import { assertionsIn, callsIn } from './assertions.ts';
import type { Constants } from './constant.ts';

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
