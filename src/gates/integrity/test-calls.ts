import type { Node } from '@babel/types';

import { assertionsIn, callsIn, assertingFunctionsIn } from './assertions.ts';
import { constantsOf, isConstant, propertyName } from './constant.ts';
import type { Mark, TestCase } from './facts.ts';
import { propertiesOf, scopeOfBlock, scopeOfFunction } from './scope.ts';
import { childrenOf, lineOf } from './syntax.ts';
import {
  globalApi,
  isMark,
  readApi,
  rowsOf,
  testPackages,
  type ApiExpression,
  type Scope,
} from './test-api.ts';

export interface TestCalls {
  readonly marks: readonly Mark[];
  readonly tests: readonly TestCase[];
  readonly assertingFunctions: readonly string[];
}

/** Where the walk is: names in reach, titles of the suites around, and how often this code defines its tests. */
interface Place {
  readonly scope: Scope;
  readonly titles: readonly string[];
  readonly cases: number;
}

/** The tests a program defines and the skips in it, as the test framework would understand them. */
export function testCallsIn(program: Node, text: string): TestCalls {
  const constants = constantsOf(program);
  const assertingFunctions = assertingFunctionsIn(program, constants);
  const lines = text.split('\n');
  const marks: Mark[] = [];
  const tests: TestCase[] = [];

  visit(program, { scope: globalApi, titles: [], cases: 1 });
  return { marks, tests, assertingFunctions: [...assertingFunctions] };

  function visit(node: Node, place: Place): void {
    switch (node.type) {
      case 'Program':
      case 'BlockStatement':
        return visitAll(node, { ...place, scope: scopeOfBlock(node, place.scope, constants) });
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'ObjectMethod':
      case 'ClassMethod':
        return visitFunction(node, -1, place);
      case 'CallExpression':
        return visitCall(node, place);
      case 'ForOfStatement': {
        const cases = place.cases * rowsOf(node.right, constants);
        return visitAll(node, { ...place, cases });
      }
      case 'ForStatement':
      case 'ForInStatement':
      case 'WhileStatement':
        return visitAll(node, { ...place, cases: Infinity });
      case 'ImportDeclaration':
        if (!testPackages.has(node.source.value)) return;
        for (const specifier of node.specifiers) {
          if (specifier.type !== 'ImportSpecifier') continue;
          const { imported } = specifier;
          const name = imported.type === 'Identifier' ? imported.name : imported.value;
          if (isMark(name)) addMark(specifier, name, place);
        }
        return;
      case 'VariableDeclarator':
        if (node.init && readApi(node.init, place.scope, constants)) {
          for (const [name] of propertiesOf(node.id, constants)) {
            if (isMark(name)) addMark(node, name, place);
          }
        }
        if (node.init) visit(node.init, place);
        return;
      case 'MemberExpression':
      case 'OptionalMemberExpression':
        addApiMark(node, place);
        visit(node.object, place);
        if (node.computed) visit(node.property, place);
        return;
      case 'ObjectProperty':
      case 'ClassProperty':
      case 'ClassAccessorProperty':
        if (node.computed) visit(node.key, place);
        if (node.value) visit(node.value, place);
        return;
      case 'Identifier':
        return addApiMark(node, place);
      default:
        if (!isType(node)) visitAll(node, place);
    }
  }

  function visitAll(node: Node, place: Place): void {
    for (const child of childrenOf(node)) visit(child, place);
  }

  function visitFunction(node: Node, contextAt: number, place: Place): void {
    if (!('params' in node) || !('body' in node)) return;
    const scope = scopeOfFunction(node.params, contextAt, place.scope, constants);
    for (const child of childrenOf(node)) {
      if (child !== node.body) continue;
      visit(child, { ...place, scope });
    }
  }

  function visitCall(node: Node, place: Place): void {
    if (node.type !== 'CallExpression') return;
    const api = readApi(node.callee, place.scope, constants);
    if (api?.open !== undefined) addApiMark(node, place);
    if (!api || api.open !== undefined || api.kind === 'namespace' || api.kind === 'context') {
      const repeated = repeats(node);
      visit(node.callee, place);
      for (const argument of node.arguments)
        visit(argument, repeated ? { ...place, cases: Infinity } : place);
      return;
    }
    if (api.kind === 'contextMark' || api.kind === 'hook') {
      // `skip(condition)` is to the running test what `skipIf` is to its definition.
      const [condition] = node.arguments;
      const depends = api.kind === 'contextMark' && condition && !isConstant(condition, constants);
      if (!depends) visit(node.callee, place);
      for (const argument of node.arguments) visitArgument(argument, api, place);
      return;
    }
    define(node, api, place);
  }

  /** A call that defines a test or a suite. */
  function define(node: Node, api: ApiExpression, place: Place): void {
    if (node.type !== 'CallExpression') return;
    const [title] = node.arguments;
    const own = title ? titleOf(title) : '';
    const titles = [...place.titles, own];
    const inside = { ...place, titles };
    visit(node.callee, inside);
    const callback = node.arguments.slice(1).find((argument) => functionOf(argument) !== undefined);
    for (const argument of node.arguments.slice(1)) addOptionMarks(argument, inside);

    const cases = place.cases * api.cases;
    if (api.kind === 'test') {
      const body = callback && functionOf(callback);
      if (
        node.arguments.length === 1 &&
        !api.pending &&
        title?.type !== 'ArrowFunctionExpression'
      ) {
        addMark(node, 'todo', inside);
      }
      const own = readBody(body);
      // Neither text nor function: something else that goes by the name of `test`.
      if (title && (callback !== undefined || isText(title))) {
        tests.push({ title: titles.join(' > '), line: lineOf(node), cases, ...own });
      }
    }
    for (const argument of node.arguments) {
      visitArgument(argument, api, {
        ...inside,
        cases: api.kind === 'suite' ? cases : place.cases,
      });
    }
  }

  function visitArgument(argument: Node, api: ApiExpression, place: Place): void {
    if (argument.type === 'ArrowFunctionExpression' || argument.type === 'FunctionExpression') {
      const contextAt = api.kind === 'suite' ? -1 : api.contextAt;
      visitFunction(argument, contextAt, place);
    } else {
      visit(argument, place);
    }
  }

  function addOptionMarks(argument: Node, place: Place): void {
    if (argument.type !== 'ObjectExpression') return;
    for (const property of argument.properties) {
      if (property.type !== 'ObjectProperty') continue;
      const name = propertyName(property.key, property.computed, constants);
      const { value } = property;
      if (name === undefined || !isMark(name) || !isConstant(value, constants)) continue;
      if (value.type === 'BooleanLiteral' && !value.value) continue;
      addMark(property, `{ ${name} }`, place, name);
    }
  }

  function addApiMark(node: Node, place: Place): void {
    const mark = readApi(node, place.scope, constants)?.ownMark;
    if (mark !== undefined) addMark(node, text.slice(node.start ?? 0, node.end ?? 0), place, mark);
  }

  function addMark(node: Node, written: string, place: Place, mark = written): void {
    const line = lineOf(node);
    marks.push({
      rule: mark === 'failing' ? 'fails' : mark,
      text: written.replace(/\s+/g, ' ').slice(0, 80),
      names: [],
      context: place.titles.join(' > ') || (lines[line - 1] ?? '').trim(),
      line,
    });
  }

  function titleOf(node: Node): string {
    if (node.type === 'StringLiteral') return node.value;
    return text.slice(node.start ?? 0, node.end ?? 0).slice(0, 500);
  }

  function functionOf(node: Node): Node | undefined {
    if (node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression') return node;
    if (node.type === 'Identifier') return constants.get(node.name) ?? node;
    return node.type === 'CallExpression' || node.type === 'MemberExpression' ? node : undefined;
  }

  function readBody(callback: Node | undefined) {
    if (callback?.type !== 'ArrowFunctionExpression' && callback?.type !== 'FunctionExpression') {
      // The function is elsewhere, or made by a call: nothing to compare.
      return { body: undefined, statements: 0, assertions: 0, calls: [] };
    }
    const { body } = callback;
    const own = text.slice(body.start ?? 0, body.end ?? 0).split('\n');
    return {
      body: own.map((line) => line.trim()).filter(Boolean),
      statements: body.type === 'BlockStatement' ? body.body.length : 1,
      assertions: assertionsIn(body, constants, assertingFunctions),
      calls: callsIn(body),
    };
  }

  function isText(node: Node): boolean {
    return (
      node.type === 'StringLiteral' ||
      node.type === 'TemplateLiteral' ||
      node.type === 'BinaryExpression'
    );
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
