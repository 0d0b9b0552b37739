import type { Node } from '@babel/types';

import { childrenOf, memberNameOf } from '../syntax.ts';
import { namesOf } from './assertions.ts';
import { propertyName, type Constants } from './constant.ts';

/** A place where an assertion is made to mean something else. */
export interface MatcherChange {
  readonly node: Node;
  readonly rule:
    | 'matcher-override'
    | 'builtin-override'
    | 'own-expect'
    | 'module-mock'
    | 'process-ended'
    | 'retry'
    | 'snapshot-serializer';
}

/**
 * Finds the code that replaces what tests are judged by: matchers that come with the test framework, `expect` and
 * `assert` themselves, the modules they come from; and calls that have failed tests run again. Further matchers
 * under names of their own are everyday work.
 */
export function matcherChanges(program: Node, constants: Constants): MatcherChange[] {
  const changes: MatcherChange[] = [];
  const rooted = namesRootedInExpect(program);
  visit(program);
  return changes;

  function visit(node: Node): void {
    if (node.type === 'CallExpression') {
      const rule = ruleOfCall(node, constants, rooted);
      if (rule) changes.push({ node, rule });
    } else if (node.type === 'AssignmentExpression') {
      if (isRooted(node.left, rooted, 0) || isResult(node.left))
        changes.push({ node, rule: 'matcher-override' });
      // `Object.is = () => true` makes every value the expected one.
      else if (isOfBuiltIn(node.left)) changes.push({ node, rule: 'builtin-override' });
    } else if (importsExpect(node)) {
      changes.push({ node, rule: 'own-expect' });
    } else if (declaresExpect(node)) {
      changes.push({ node, rule: 'matcher-override' });
    }
    for (const child of childrenOf(node)) visit(child);
  }
}

function ruleOfCall(
  call: Node,
  constants: Constants,
  rooted: ReadonlySet<string>,
): MatcherChange['rule'] | undefined {
  if (call.type !== 'CallExpression') return undefined;
  const names = namesOf(call.callee);
  const [first, second] = call.arguments;
  const last = names.at(-1) ?? '';
  const object = names.at(-2) ?? '';
  if (last === 'extend' && object === 'expect' && first) {
    return keysOf(first, constants).some((key) => builtIn.test(key))
      ? 'matcher-override'
      : undefined;
  }
  if (last === 'addEqualityTesters' && object === 'expect') return 'own-expect';
  if (last === 'addSnapshotSerializer' && object === 'expect') return 'snapshot-serializer';
  if (/^(vi|vitest|jest|mock)$/.test(object)) {
    const isMock = /^(mock|doMock|unstable_mockModule|module)$/.test(last);
    if (isMock && first?.type === 'StringLiteral' && judges.test(first.value)) {
      return 'matcher-override';
    }
    if (isMock && first?.type === 'StringLiteral' && first.value.startsWith('.')) {
      return 'module-mock';
    }
    if (last === 'spyOn' && first && isRooted(first, rooted, 0)) return 'matcher-override';
    if (last === 'spyOn' && first && isBuiltIn(first)) return 'builtin-override';
    if (last === 'retryTimes') return 'retry';
    if (last === 'setConfig' && first && keysOf(first, constants).includes('retry')) return 'retry';
  }
  if (object === 'process' && endsProcess(last, first)) return 'process-ended';
  if (last === 'retries' && call.callee.type === 'MemberExpression') {
    return call.callee.object.type === 'ThisExpression' ? 'retry' : undefined;
  }
  const isChai = /^(overwrite|add)(Method|Property|ChainableMethod)$/.test(last);
  if (isChai && first?.type === 'StringLiteral' && builtIn.test(first.value)) {
    return second ? 'matcher-override' : undefined;
  }
  const defines =
    /^(Object|Reflect)$/.test(object) &&
    /^(defineProperty|defineProperties|assign|set|setPrototypeOf)$/.test(last);
  if (!defines || !first) return undefined;
  if (isRooted(first, rooted, 0) || isResult(first)) return 'matcher-override';
  return isBuiltIn(first) ? 'builtin-override' : undefined;
}

/** Modules that decide whether a test passes. */
const judges =
  /^(vitest|chai|expect|@vitest\/(expect|runner|spy|snapshot|utils)|@jest\/(globals|expect)|(node:)?assert(\/strict)?|(node:)?test)$/;
/** Names of matchers of vitest, Jest and chai. */
const builtIn =
  /^(to(Be|Equal|StrictEqual|Match|MatchObject|MatchSnapshot|MatchInlineSnapshot|MatchFileSnapshot|Throw|ThrowError|ThrowErrorMatchingSnapshot|ThrowErrorMatchingInlineSnapshot|Contain|ContainEqual|HaveLength|HaveProperty|Satisfy|BeTruthy|BeFalsy|BeDefined|BeUndefined|BeNull|BeNullable|BeNaN|BeTypeOf|BeInstanceOf|BeCloseTo|BeGreaterThan|BeGreaterThanOrEqual|BeLessThan|BeLessThanOrEqual|BeOneOf|BeCalled\w*|HaveBeen\w*|Have(Returned|Resolved)\w*|Have(Last|Nth)\w*|Return\w*|LastReturnedWith|NthReturnedWith|LastCalledWith|NthCalledWith)|not|resolves|rejects|equal|equals|eq|eql|eqls|deepEqual|strictEqual|property|throws?|Throw|include|includes|contain|match|ok|true|false|exist|lengthOf|assert)$/;

/** The keys of an object, also of a constant one. */
function keysOf(node: Node, constants: Constants, depth = 0): string[] {
  if (depth > 5) return [];
  if (node.type === 'Identifier') {
    const value = constants.get(node.name);
    return value ? keysOf(value, constants, depth + 1) : [];
  }
  if (node.type !== 'ObjectExpression') return [];
  return node.properties.flatMap((property): string[] => {
    if (property.type === 'SpreadElement') return keysOf(property.argument, constants, depth + 1);
    const name = propertyName(property.key, property.computed, constants);
    return name === undefined ? [] : [name];
  });
}

/** Names that stand for a part of `expect`: `const proto = Object.getPrototypeOf(expect(1))`. */
function namesRootedInExpect(program: Node): Set<string> {
  const rooted = new Set<string>();
  const declared: { readonly name: string; readonly value: Node }[] = [];
  collect(program);
  for (let round = 0; round < 2; round += 1) {
    for (const { name, value } of declared) {
      if (isRooted(value, rooted, 0) && !isPlainExpect(value)) rooted.add(name);
    }
  }
  return rooted;

  function collect(node: Node): void {
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.init) {
      declared.push({ name: node.id.name, value: node.init });
    }
    for (const child of childrenOf(node)) collect(child);
  }
}

/** What `expect(x).toBe(y)` gives back is a result, not a part of `expect`. */
function isPlainExpect(value: Node): boolean {
  const call = value.type === 'AwaitExpression' ? value.argument : value;
  if (call.type !== 'CallExpression') return false;
  return !/^(getPrototypeOf|bind)$/.test(namesOf(call.callee).at(-1) ?? '');
}

/** A chain that begins with `expect`, `assert` or `Assertion`, or the prototype of one. */
function isRooted(node: Node, rooted: ReadonlySet<string>, depth: number): boolean {
  if (depth > 20) return false;
  switch (node.type) {
    case 'Identifier':
      return judging.test(node.name) || rooted.has(node.name);
    case 'MemberExpression':
    case 'OptionalMemberExpression': {
      const { object } = node;
      if (object.type === 'Identifier' && /^(globalThis|global|window)$/.test(object.name))
        return judging.test(memberNameOf(node));
      return isRooted(object, rooted, depth + 1);
    }
    case 'CallExpression': {
      const [first] = node.arguments;
      const takesPrototype = namesOf(node.callee).at(-1) === 'getPrototypeOf';
      if (takesPrototype) return first !== undefined && isRooted(first, rooted, depth + 1);
      return isRooted(node.callee, rooted, depth + 1);
    }
    case 'TSAsExpression':
    case 'TSNonNullExpression':
    case 'TSSatisfiesExpression':
    case 'ParenthesizedExpression':
      return isRooted(node.expression, rooted, depth + 1);
    default:
      return false;
  }
}

const judging = /^(expect|assert|Assertion)$/;

/** `task.result` or a part of it: what the test framework keeps of a test. */
function isResult(node: Node): boolean {
  return /\btask\.result\b/.test(chainOf(node));
}

/** A chain of names as written, without what TypeScript adds. */
function chainOf(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'TSNonNullExpression') return chainOf(node.expression);
  if (node.type !== 'MemberExpression' && node.type !== 'OptionalMemberExpression') return '';
  return `${chainOf(node.object)}.${memberNameOf(node)}`;
}

/** The exit code and unhandled errors are a part of the verdict of a test runner. */
function endsProcess(name: string, event: Node | undefined): boolean {
  if (/^(exit|reallyExit|abort)$/.test(name)) return true;
  return (
    /^(on|once|addListener|prependListener|removeAllListeners)$/.test(name) &&
    event?.type === 'StringLiteral' &&
    /^(exit|beforeExit|uncaughtException|unhandledRejection)$/.test(event.value)
  );
}

function isOfBuiltIn(target: Node): boolean {
  return target.type === 'MemberExpression' && isBuiltIn(target.object);
}

/** What equality is made of: `Object`, `Reflect`, and their prototypes. */
function isBuiltIn(node: Node): boolean {
  return /^(Object|Reflect)( prototype)?$/.test(namesOf(node).join(' '));
}

/** An `expect` or `it` of the project's own, in the place of the test framework's. */
function importsExpect(node: Node): boolean {
  return (
    node.type === 'ImportDeclaration' &&
    node.source.value.startsWith('.') &&
    node.specifiers.some(({ local }) => /^(expect|it|test)$/.test(local.name))
  );
}

/** A test file that makes its own `expect` is judged by nobody. */
function declaresExpect(node: Node): boolean {
  if (node.type === 'FunctionDeclaration') return node.id?.name === 'expect';
  if (node.type !== 'VariableDeclarator' || node.id.type !== 'Identifier') return false;
  const { init } = node;
  return node.id.name === 'expect' && init != null && !isTaken(init);
}

/** `const expect = chai.expect`, `require('chai').expect`, `globalThis.expect`. */
function isTaken(init: Node): boolean {
  return (
    init.type === 'MemberExpression' ||
    init.type === 'AwaitExpression' ||
    (init.type === 'CallExpression' && namesOf(init.callee).at(-1) === 'require')
  );
}
