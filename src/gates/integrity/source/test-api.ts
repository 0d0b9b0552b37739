import type { Node } from '@babel/types';

import { isConstant, propertyName, type Constants } from './constant.ts';

/** Meaning of a name in a test file. */
export type Meaning =
  | { readonly kind: 'test' | 'suite'; readonly mark?: string }
  /** A module such as `vitest` as a whole. */
  | { readonly kind: 'namespace' | 'hook' | 'other' }
  /** The first argument of a test's function, which can skip the running test. */
  | { readonly kind: 'context' }
  /** `skip` taken out of that context. */
  | { readonly kind: 'contextMark'; readonly mark: string };

export type Scope = ReadonlyMap<string, Meaning>;

/** An expression that names the test API: `it`, `describe.skip.each(rows)`, `vitest.test.only`. */
export interface ApiExpression {
  readonly kind: 'test' | 'suite' | 'hook' | 'namespace' | 'context' | 'contextMark';
  /** `skip`, `only`, `todo`, `fails`: what this expression adds by itself, not what it builds on. */
  readonly ownMark: string | undefined;
  /** Some part of it skips or leaves for later, so that a test without a function is nothing new. */
  readonly pending: boolean;
  /** Rows of `each` and `for`; Infinity when only known at run time. */
  readonly cases: number;
  /** `each` gives the function the row's values and no context. */
  readonly contextAt: number;
  /** It still waits for a call before it can define a test: `it.each`, `it.skipIf`. */
  readonly open: string | undefined;
}

const tests = ['it', 'test', 'specify'];
const suites = ['describe', 'suite'];
const hooks = ['beforeEach', 'afterEach', 'beforeAll', 'afterAll', 'before', 'after'];
const marks = new Set(['skip', 'only', 'todo', 'fails', 'failing']);
const takesRows = new Set(['each', 'for']);
const takesCondition = new Set(['skipIf', 'runIf']);
const neutral = new Set(['concurrent', 'sequential', 'shuffle', 'extend', 'override', 'scoped']);

/** The names a test framework makes global. */
export const globalApi: Scope = new Map<string, Meaning>([
  ...tests.map((name): [string, Meaning] => [name, { kind: 'test' }]),
  ...suites.map((name): [string, Meaning] => [name, { kind: 'suite' }]),
  ...hooks.map((name): [string, Meaning] => [name, { kind: 'hook' }]),
  ...['xit', 'xtest', 'xspecify'].map((name): [string, Meaning] => [
    name,
    { kind: 'test', mark: 'skip' },
  ]),
  ...['xdescribe', 'xcontext'].map((name): [string, Meaning] => [
    name,
    { kind: 'suite', mark: 'skip' },
  ]),
  ['fit', { kind: 'test', mark: 'only' }],
  ['fdescribe', { kind: 'suite', mark: 'only' }],
]);

/** Packages whose exports are the test API. */
export const testPackages = new Set(['vitest', 'node:test', '@jest/globals', 'mocha', 'bun:test']);

/** Meaning of a name that a test package exports; `node:test` exports `skip` and the like. */
export function exportedMeaning(name: string): Meaning | undefined {
  if (marks.has(name)) return { kind: 'test', mark: name };
  return globalApi.get(name);
}

export function isMark(name: string): boolean {
  return marks.has(name);
}

/** Reads an expression as the test API; undefined when it is something else. */
export function readApi(
  node: Node,
  scope: Scope,
  constants: Constants,
  depth = 0,
): ApiExpression | undefined {
  // Longer chains than anybody writes.
  if (depth > 30) return undefined;
  const read = (inner: Node) => readApi(inner, scope, constants, depth + 1);
  switch (node.type) {
    case 'Identifier': {
      const meaning = scope.get(node.name);
      if (!meaning || meaning.kind === 'other') return undefined;
      const ownMark = 'mark' in meaning ? meaning.mark : undefined;
      return { ...plain, kind: meaning.kind, ownMark, pending: ownMark !== undefined };
    }
    case 'MemberExpression':
    case 'OptionalMemberExpression': {
      const base = read(node.object);
      if (!base) return undefined;
      const name = propertyName(node.property, node.computed, constants);
      return name === undefined ? undefined : member(base, name);
    }
    case 'CallExpression':
    case 'OptionalCallExpression': {
      const base = read(node.callee);
      const [argument] = node.arguments;
      if (base?.open === undefined) return undefined;
      if (takesRows.has(base.open)) {
        const cases = base.cases * (argument ? rowsOf(argument, constants) : Infinity);
        return { ...base, cases, open: undefined, ownMark: undefined };
      }
      const always = takesCondition.has(base.open) && argument && isConstant(argument, constants);
      return { ...base, open: undefined, ownMark: always ? 'skip' : undefined };
    }
    case 'TaggedTemplateExpression': {
      const base = read(node.tag);
      if (base?.open === undefined || !takesRows.has(base.open)) return undefined;
      const columns = (node.quasi.quasis[0]?.value.raw.split('|').length ?? 1) || 1;
      const cases = base.cases * Math.floor(node.quasi.expressions.length / columns);
      return { ...base, cases, open: undefined, ownMark: undefined };
    }
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'ParenthesizedExpression':
      return read(node.expression);
    case 'SequenceExpression': {
      const last = node.expressions.at(-1);
      return last && read(last);
    }
    case 'ConditionalExpression':
      return unmarked(read(node.consequent) ?? read(node.alternate));
    case 'LogicalExpression':
      return unmarked(read(node.left) ?? read(node.right));
    default:
      return undefined;
  }
}

/** How many elements an array has; Infinity when that is only known at run time. */
export function rowsOf(node: Node, constants: Constants, depth = 0): number {
  if (depth > 10) return Infinity;
  switch (node.type) {
    case 'ArrayExpression':
      return node.elements.some((element) => element?.type === 'SpreadElement')
        ? Infinity
        : node.elements.length;
    case 'Identifier': {
      const value = constants.get(node.name);
      return value ? rowsOf(value, constants, depth + 1) : Infinity;
    }
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return rowsOf(node.expression, constants, depth + 1);
    default:
      return Infinity;
  }
}

const plain = { ownMark: undefined, pending: false, cases: 1, contextAt: 0, open: undefined };

function member(base: ApiExpression, name: string): ApiExpression | undefined {
  if (base.kind === 'namespace') {
    const meaning = name === 'default' ? undefined : exportedMeaning(name);
    if (name === 'default') return { ...base, kind: 'namespace' };
    if (!meaning || meaning.kind === 'other') return undefined;
    const ownMark = 'mark' in meaning ? meaning.mark : undefined;
    return { ...plain, kind: meaning.kind, ownMark, pending: ownMark !== undefined };
  }
  if (base.kind === 'context') {
    if (name === 'skip' || name === 'todo') {
      return { ...plain, kind: 'contextMark', ownMark: name };
    }
    return tests.includes(name) ? { ...plain, kind: 'test' } : undefined;
  }
  if (base.kind === 'hook' || base.kind === 'contextMark' || base.open !== undefined) {
    return undefined;
  }
  if (marks.has(name)) return { ...base, ownMark: name, pending: true };
  if (takesRows.has(name)) {
    return { ...base, ownMark: undefined, open: name, contextAt: name === 'for' ? 1 : Infinity };
  }
  if (takesCondition.has(name)) return { ...base, ownMark: undefined, open: name };
  if (neutral.has(name)) {
    const open = ['extend', 'override', 'scoped'].includes(name) ? name : undefined;
    return { ...base, ownMark: undefined, open };
  }
  if (tests.includes(name)) return { ...plain, kind: 'test' };
  if (suites.includes(name)) return { ...base, kind: 'suite', ownMark: undefined };
  return hooks.includes(name) ? { ...plain, kind: 'hook' } : undefined;
}

/** The marks of an alternative are found where they stand. */
function unmarked(api: ApiExpression | undefined): ApiExpression | undefined {
  return api && { ...api, ownMark: undefined };
}
