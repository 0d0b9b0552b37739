import type { Node } from '@babel/types';

import {
  assertingFunctionsIn,
  callsIn,
  functionBodiesIn,
  functionOf,
  isText,
  readBody,
  titleOf,
} from './test-body.ts';
import { constantsOf, isConstant } from './constant.ts';
import type { Mark, TestCase } from '../facts.ts';
import { surroundingNames } from './environment.ts';
import {
  addApiMark,
  addConditionMark,
  addGuardMark,
  addMark,
  addOptionMarks,
  isThisSkip,
  written,
  type Place,
  type Walk,
} from './test-marks.ts';
import { matcherChanges } from './matchers.ts';
import { propertiesOf, scopeOfBlock, scopeOfFunction } from './scope.ts';
import { childrenOf, lineOf, linesOf } from '../syntax.ts';
import {
  globalApi,
  isMark,
  readApi,
  rowsOf,
  testPackages,
  type ApiExpression,
} from './test-api.ts';

/** Tests and marks of one file. */
export interface TestCalls {
  readonly marks: readonly Mark[];
  readonly tests: readonly TestCase[];
  readonly assertingFunctions: readonly string[];
  readonly isOfTests: boolean;
  readonly functions: ReadonlyMap<string, readonly string[]>;
}

/** The tests a program defines and the skips in it, as the test framework would understand them. */
export function testCallsIn(program: Node, text: string): TestCalls {
  const constants = constantsOf(program);
  const bodies = functionBodiesIn(program);
  const assertingFunctions = assertingFunctionsIn(bodies, constants);
  const walk: Walk = {
    text,
    constants,
    assertingFunctions,
    lines: linesOf(text),
    surroundings: surroundingNames(program),
    following: new Map(),
    marks: [],
    tests: [],
  };
  visit(walk, program, { scope: globalApi, titles: [], cases: 1 });
  for (const { node, rule } of matcherChanges(program, constants)) {
    addMark(walk, node, written(walk, node), { titles: [] }, rule);
  }
  const isTested = walk.tests.length > 0 || testWords.test(text);
  return {
    // Code that is not about tests may well depend on where it runs.
    marks: walk.marks.filter(({ rule }) => isTested || !ofTests.has(rule)),
    tests: walk.tests,
    assertingFunctions: [...assertingFunctions],
    isOfTests: isTested,
    functions: new Map([...bodies].map(([name, body]) => [name, callsIn(body)])),
  };
}

/** Words of a file that belongs to the tests: a helper, a set-up file. */
const testWords =
  /\bexpect\s*[.(]|\bfrom\s+['"](vitest|node:test|@jest\/globals|chai|bun:test)['"]/;
const ofTests = new Set([
  ...['conditional-skip', 'platform-condition', 'matcher-override', 'retry', 'own-expect'],
  'process-ended',
]);
/** More statements after an early return are not read. */
const followingLimit = 50;

function visit(walk: Walk, node: Node, place: Place): void {
  addGuardMark(walk, node, place);
  switch (node.type) {
    case 'Program':
    case 'BlockStatement':
      node.body.forEach((statement, index) => {
        if (statement.type !== 'IfStatement') return;
        walk.following.set(statement, node.body.slice(index + 1, index + 1 + followingLimit));
      });
      return visitAll(walk, node, {
        ...place,
        scope: scopeOfBlock(node, place.scope, walk.constants),
      });
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'ObjectMethod':
    case 'ClassMethod':
      return visitFunction(walk, node, -1, place);
    case 'CallExpression':
      return visitCall(walk, node, place);
    case 'ForOfStatement': {
      const cases = place.cases * rowsOf(node.right, walk.constants);
      return visitAll(walk, node, { ...place, cases });
    }
    case 'ForStatement':
    case 'ForInStatement':
    case 'WhileStatement':
      return visitAll(walk, node, { ...place, cases: Infinity });
    case 'ImportDeclaration':
      if (!testPackages.has(node.source.value)) return;
      for (const specifier of node.specifiers) {
        if (specifier.type !== 'ImportSpecifier') continue;
        const { imported } = specifier;
        const name = imported.type === 'Identifier' ? imported.name : imported.value;
        if (isMark(name)) addMark(walk, specifier, name, place);
      }
      return;
    case 'VariableDeclarator':
      if (node.init && readApi(node.init, place.scope, walk.constants)) {
        for (const [name] of propertiesOf(node.id, walk.constants)) {
          if (isMark(name)) addMark(walk, node, name, place);
        }
      }
      if (node.init) visit(walk, node.init, place);
      return;
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      addApiMark(walk, node, place);
      visit(walk, node.object, place);
      if (node.computed) visit(walk, node.property, place);
      return;
    case 'ObjectProperty':
    case 'ClassProperty':
    case 'ClassAccessorProperty':
      if (node.computed) visit(walk, node.key, place);
      if (node.value) visit(walk, node.value, place);
      return;
    case 'Identifier':
      return addApiMark(walk, node, place);
    default:
      if (!isType(node)) visitAll(walk, node, place);
  }
}

function visitAll(walk: Walk, node: Node, place: Place): void {
  for (const child of childrenOf(node)) visit(walk, child, place);
}

function visitFunction(walk: Walk, node: Node, contextAt: number, place: Place): void {
  if (!('params' in node) || !('body' in node)) return;
  const scope = scopeOfFunction(node.params, contextAt, place.scope, walk.constants);
  for (const child of childrenOf(node)) {
    if (child !== node.body) continue;
    visit(walk, child, { ...place, scope });
  }
}

function visitCall(walk: Walk, node: Node, place: Place): void {
  if (node.type !== 'CallExpression') return;
  const api = readApi(node.callee, place.scope, walk.constants);
  if (api?.open !== undefined) {
    addApiMark(walk, node, place);
    addConditionMark(walk, node, node.arguments[0], place);
  }
  if (isThisSkip(node) && place.titles.length > 0) addMark(walk, node, 'this.skip', place, 'skip');
  if (!api || api.open !== undefined || api.kind === 'namespace' || api.kind === 'context') {
    const repeated = repeats(node);
    visit(walk, node.callee, place);
    for (const argument of node.arguments)
      visit(walk, argument, repeated ? { ...place, cases: Infinity } : place);
    return;
  }
  if (api.kind === 'contextMark' || api.kind === 'hook') {
    // `skip(condition)` is to the running test what `skipIf` is to its definition.
    const [condition] = node.arguments;
    const depends =
      api.kind === 'contextMark' && condition && !isConstant(condition, walk.constants);
    if (depends) addConditionMark(walk, node, condition, place);
    else visit(walk, node.callee, place);
    for (const argument of node.arguments) visitArgument(walk, argument, api, place);
    return;
  }
  define(walk, node, api, place);
}

/** Adds the test, or walks through the suite, that a call defines. */
function define(walk: Walk, node: Node, api: ApiExpression, place: Place): void {
  if (node.type !== 'CallExpression') return;
  const [title] = node.arguments;
  const own = title ? titleOf(walk, title) : '';
  const titles = [...place.titles, own];
  const inside = { ...place, titles };
  visit(walk, node.callee, inside);
  const callback = node.arguments
    .slice(1)
    .find((argument) => functionOf(walk, argument) !== undefined);
  for (const argument of node.arguments.slice(1)) addOptionMarks(walk, argument, inside);

  const cases = place.cases * api.cases;
  if (api.kind === 'test') {
    const body = callback && functionOf(walk, callback);
    if (node.arguments.length === 1 && !api.pending && title?.type !== 'ArrowFunctionExpression') {
      addMark(walk, node, 'todo', inside);
    }
    const own = readBody(walk, body);
    // Neither text nor function: something else that goes by the name of `test`.
    if (title && (callback !== undefined || isText(title))) {
      walk.tests.push({ title: titles.join(' > '), line: lineOf(node), cases, ...own });
    }
  }
  for (const argument of node.arguments) {
    visitArgument(walk, argument, api, {
      ...inside,
      cases: api.kind === 'suite' ? cases : place.cases,
    });
  }
}

function visitArgument(walk: Walk, argument: Node, api: ApiExpression, place: Place): void {
  if (argument.type === 'ArrowFunctionExpression' || argument.type === 'FunctionExpression') {
    const contextAt = api.kind === 'suite' ? -1 : api.contextAt;
    visitFunction(walk, argument, contextAt, place);
  } else {
    visit(walk, argument, place);
  }
}

/** Types name no values; what TypeScript wraps around an expression or a block is none. */
function isType(node: Node): boolean {
  return (
    node.type.startsWith('TS') &&
    !/Expression$|Assertion$|Assignment$|^TSModule|^TSEnum/.test(node.type)
  );
}

/** `rows.forEach(…)` and `rows.map(…)` run their function as often as there are rows. */
function repeats(call: Node): boolean {
  if (call.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') return false;
  const { property } = call.callee;
  return property.type === 'Identifier' && /^(forEach|map|flatMap)$/.test(property.name);
}
