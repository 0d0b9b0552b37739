import type { Node } from '@babel/types';

import type { Expectation } from '../facts.ts';
import { childrenOf } from '../syntax.ts';
import { isConstant, type Constants } from './constant.ts';
import { rowsOf } from './test-api.ts';

export interface AssertionSource {
  readonly text: string;
  readonly constants: Constants;
  /** Names of the functions of the file that assert something. */
  readonly assertingFunctions: ReadonlySet<string>;
}

export interface Assertions {
  /** How many calls and throws can fail the test. */
  readonly count: number;
  /** Of these, the ones that no condition, loop or early end can leave out. */
  readonly sure: number;
  readonly expectations: readonly Expectation[];
}

/**
 * The assertions below this node that can fail the test. Those that cannot do not count: on constants, of an
 * expression with itself, without a matcher, where their failure is swallowed, where nothing calls or awaits them.
 */
export function assertionsIn(root: Node, source: AssertionSource, waits = true): Assertions {
  const expectations: Expectation[] = [];
  let count = 0;
  let sure = 0;
  const names = identifiersIn(root);
  const isAwaited =
    waits || awaits(root) || [...names.keys()].some((name) => /Timer|^Promise$/.test(name));
  visit(root, true);
  return { count, sure, expectations };

  function add(isSure: boolean): void {
    count += 1;
    if (isSure) sure += 1;
  }

  function visit(current: Node, isSure: boolean): void {
    if (current.type === 'CallExpression') {
      const expectation = expectationOf(current, source);
      if (expectation) expectations.push(expectation);
      if (expectation || assertsByName(current, source)) add(isSure);
    }
    if (isPropertyAssertion(current)) add(isSure);
    // Its condition is what it asserts.
    if (current.type === 'ThrowStatement') add(true);
    let goesOn = isSure;
    for (const child of reached(current)) {
      visit(child, goesOn && !mayBeLeftOut(current, child, source.constants));
      if (child.type === 'IfStatement' && ends(child)) goesOn = false;
      // What follows in the block is never reached.
      if (child.type === 'ReturnStatement' || child.type === 'ThrowStatement') break;
    }
  }

  /** The nodes below this one that are run, and whose failure counts. */
  function reached(current: Node): readonly Node[] {
    switch (current.type) {
      case 'IfStatement':
        if (isFalse(current.test)) return current.alternate ? [current.alternate] : [];
        break;
      case 'TryStatement':
        if (current.handler && isSwallowing(current.handler.body)) {
          return [current.handler, ...(current.finalizer ? [current.finalizer] : [])];
        }
        break;
      case 'ForOfStatement':
        if (rowsOf(current.right, source.constants) === 0) return [];
        break;
      case 'FunctionDeclaration':
        if (current.id && names.get(current.id.name) === 1) return [];
        break;
      case 'VariableDeclarator':
        if (current.id.type === 'Identifier' && isFunction(current.init)) {
          if (names.get(current.id.name) === 1) return [];
        }
        break;
      case 'CallExpression': {
        const last = namesOf(current.callee).at(-1) ?? '';
        if (last === 'catch' && current.arguments.some(swallows)) return current.arguments;
        if (timers.has(last) && !isAwaited) return [];
        break;
      }
      default:
    }
    return childrenOf(current);
  }
}

/** True for a part of a node that is not run every time the node is. */
function mayBeLeftOut(node: Node, child: Node, constants: Constants): boolean {
  const isSome = (rows: Node) => {
    const count = rowsOf(rows, constants);
    return count > 0 && count < Infinity;
  };
  switch (node.type) {
    case 'IfStatement':
    case 'ConditionalExpression':
      return child !== node.test;
    case 'LogicalExpression':
      return child === node.right;
    case 'ForOfStatement':
      return child === node.body && !isSome(node.right);
    case 'ForStatement':
    case 'ForInStatement':
    case 'WhileStatement':
      return child === node.body;
    case 'SwitchCase':
    case 'CatchClause':
      return true;
    case 'CallExpression': {
      const { callee } = node;
      const isEach = /^(forEach|map|flatMap|filter|some|every|find)$/.test(
        namesOf(callee).at(-1) ?? '',
      );
      return isEach && isFunction(child) && !('object' in callee && isSome(callee.object));
    }
    default:
      return false;
  }
}

/** True for a condition under which the function ends. */
function ends(node: Node): boolean {
  if (node.type === 'ReturnStatement') return true;
  return !node.type.includes('Function') && childrenOf(node).some(ends);
}

/** Functions that by their name assert something, those of any assertion library included. */
const assertingName = /^(expect|assert|should|verify|check|must|ensure)/i;
/** These say how many assertions are to come, configure, or make values to compare with. */
const assertsNothing =
  /^(hasAssertions|assertions|plan|extend|addSnapshotSerializer|addEqualityTesters|[gs]etState|any|anything|(array|object|string)(Not)?Containing|stringMatching|closeTo|schemaMatching|setConfig)$/;
const timers = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'nextTick',
  'queueMicrotask',
  'requestAnimationFrame',
]);

/** True for `expect(x)` and `expect.soft(x)`, which assert nothing before a matcher is called. */
function isExpect(call: Node): boolean {
  if (call.type !== 'CallExpression') return false;
  const names = namesOf(call.callee);
  const last = names.at(-1);
  return (
    last === 'expect' || (names.includes('expect') && /^(soft|poll|element)$/.test(last ?? ''))
  );
}

function assertsByName(call: Node, { constants, assertingFunctions }: AssertionSource): boolean {
  if (call.type !== 'CallExpression' || isExpect(call)) return false;
  const names = namesOf(call.callee);
  const last = names.at(-1);
  if (last === undefined || assertsNothing.test(last)) return false;
  if (names.some((name) => assertingFunctions.has(name))) return true;
  if (assertedCall(call.callee) || !names.some((name) => assertingName.test(name))) return false;
  const [first, second] = call.arguments;
  if (first && second && isSame(first, second)) return false;
  return (
    call.arguments.length === 0 || !call.arguments.every((each) => isConstant(each, constants))
  );
}

/** `expect(x).toBe(y)`, and `assert.equal(x, y)`. */
function expectationOf(call: Node, source: AssertionSource): Expectation | undefined {
  if (call.type !== 'CallExpression') return undefined;
  const inner = assertedCall(call.callee);
  if (inner?.type === 'CallExpression') {
    const values = [...inner.arguments, ...call.arguments];
    if (values.length > 0 && values.every((value) => isConstant(value, source.constants)))
      return undefined;
    const [subject] = inner.arguments;
    const [expected] = call.arguments;
    const isNegated = namesOf(call.callee).includes('not');
    if (subject && expected && !isNegated && isSame(subject, expected)) return undefined;
    return {
      subject: textOf(source, inner.start, inner.end),
      expected: textOf(source, inner.end, call.end),
    };
  }
  const [first, ...rest] = call.arguments;
  const isLibrary = namesOf(call.callee).at(-2) === 'assert';
  if (!first || rest.length === 0 || !isLibrary || !assertsByName(call, source)) return undefined;
  return {
    subject: textOf(source, call.start, first.end),
    expected: textOf(source, first.end, call.end),
  };
}

/** `expect(x).to.be.true` asserts without a call. */
function isPropertyAssertion(node: Node): boolean {
  if (node.type !== 'ExpressionStatement' || node.expression.type !== 'MemberExpression')
    return false;
  const names = namesOf(node.expression);
  return (
    assertedCall(node.expression) !== undefined && /^(to|be|is|have)$/.test(names.at(-2) ?? '')
  );
}

/** The `expect(…)` that a matcher such as `expect(…).not.toBe` belongs to. */
function assertedCall(callee: Node): Node | undefined {
  let node = callee;
  while (node.type === 'MemberExpression') node = node.object;
  if (node === callee || node.type !== 'CallExpression') return undefined;
  return namesOf(node.callee).some((name) => assertingName.test(name)) ? node : undefined;
}

/** A handler that neither throws nor asserts: whatever fails before it is forgotten. */
function isSwallowing(handler: Node): boolean {
  if (handler.type === 'ThrowStatement') return false;
  if (handler.type === 'CallExpression') {
    const names = namesOf(handler.callee);
    if (names.some((name) => assertingName.test(name) || /^(fail|reject|done|next)$/.test(name))) {
      return false;
    }
  }
  return childrenOf(handler).every(isSwallowing);
}

function swallows(callback: Node): boolean {
  return (
    (callback.type === 'ArrowFunctionExpression' || callback.type === 'FunctionExpression') &&
    isSwallowing(callback.body)
  );
}

function isFunction(node: Node | null | undefined): boolean {
  return node?.type === 'ArrowFunctionExpression' || node?.type === 'FunctionExpression';
}

function isFalse(node: Node): boolean {
  return (
    (node.type === 'BooleanLiteral' && !node.value) ||
    (node.type === 'NumericLiteral' && node.value === 0)
  );
}

function awaits(node: Node): boolean {
  return node.type === 'AwaitExpression' || childrenOf(node).some(awaits);
}

/** The same expression twice, but for layout. */
function isSame(one: Node, other: Node): boolean {
  return JSON.stringify(shapeOf(one)) === JSON.stringify(shapeOf(other));
}

function shapeOf(node: Node): unknown {
  const { type } = node;
  const value =
    'value' in node && typeof node.value !== 'object'
      ? String(node.value)
      : 'name' in node
        ? node.name
        : 'operator' in node
          ? node.operator
          : type === 'TemplateElement'
            ? node.value.raw
            : type === 'RegExpLiteral'
              ? node.pattern + node.flags
              : '';
  return [type, value, ...childrenOf(node).map(shapeOf)];
}

function textOf(
  { text }: AssertionSource,
  start: number | null | undefined,
  end: number | null | undefined,
): string {
  return text.slice(start ?? 0, end ?? 0).replace(/\s+/g, ' ');
}

/** How often each name stands below this node, names of properties included. */
function identifiersIn(node: Node, counts = new Map<string, number>()): Map<string, number> {
  if (node.type === 'Identifier') counts.set(node.name, (counts.get(node.name) ?? 0) + 1);
  for (const child of childrenOf(node)) identifiersIn(child, counts);
  return counts;
}

/** `a.b.c` as its names; a call within ends it. */
export function namesOf(callee: Node): string[] {
  const names: string[] = [];
  let node = callee;
  while (node.type === 'MemberExpression' || node.type === 'OptionalMemberExpression') {
    if (node.property.type === 'Identifier') names.unshift(node.property.name);
    node = node.object;
  }
  if (node.type === 'Identifier') names.unshift(node.name);
  return names;
}
