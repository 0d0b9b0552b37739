import type { Node } from '@babel/types';

import { propertyName, type Constants } from './constant.ts';
import { childrenOf } from '../syntax.ts';
import {
  exportedMeaning,
  isMark,
  readApi,
  type ApiExpression,
  testPackages,
  type Meaning,
  type Scope,
} from './test-api.ts';

/** The scope inside a program or block: the names its own statements declare hide those around it. */
export function scopeOfBlock(block: Node, outer: Scope, constants: Constants): Scope {
  const scope = new Map(outer);
  for (const child of childrenOf(block)) {
    const statement =
      child.type === 'ExportNamedDeclaration' && child.declaration ? child.declaration : child;
    if (statement.type === 'ImportDeclaration') {
      readImport(statement, scope);
    } else if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
      if (statement.id) scope.set(statement.id.name, { kind: 'other' });
    } else if (statement.type === 'VariableDeclaration') {
      for (const { id, init } of statement.declarations) {
        if (init) declare(id, init, scope, constants);
      }
    }
  }
  return scope;
}

/** The scope inside a function; `contextAt` is the parameter a test framework fills with its context. */
export function scopeOfFunction(
  parameters: readonly Node[],
  contextAt: number,
  outer: Scope,
  constants: Constants,
): Scope {
  if (parameters.length === 0) return outer;
  const scope = new Map(outer);
  parameters.forEach((parameter, index) => {
    for (const name of namesIn(parameter)) scope.set(name, { kind: 'other' });
    if (index !== contextAt) return;
    if (parameter.type === 'Identifier') scope.set(parameter.name, { kind: 'context' });
    for (const [property, local] of propertiesOf(parameter, constants)) {
      if (property === 'skip' || property === 'todo') {
        scope.set(local, { kind: 'contextMark', mark: property });
      }
    }
  });
  return scope;
}

/** The properties an object pattern takes out and the names it gives them. */
export function propertiesOf(pattern: Node, constants: Constants): [string, string][] {
  if (pattern.type !== 'ObjectPattern') return [];
  return pattern.properties.flatMap((property): [string, string][] => {
    if (property.type !== 'ObjectProperty') return [];
    const name = propertyName(property.key, property.computed, constants);
    const target =
      property.value.type === 'AssignmentPattern' ? property.value.left : property.value;
    return name !== undefined && target.type === 'Identifier' ? [[name, target.name]] : [];
  });
}

function readImport(statement: Node, scope: Map<string, Meaning>): void {
  if (statement.type !== 'ImportDeclaration') return;
  const isTestPackage = testPackages.has(statement.source.value);
  for (const specifier of statement.specifiers) {
    const local = specifier.local.name;
    if (specifier.type === 'ImportSpecifier') {
      const { imported } = specifier;
      const name = imported.type === 'Identifier' ? imported.name : imported.value;
      // A project exports its own `test`, extended, under the same name: any module may have it.
      const own = scope.get(name);
      const extended = own && !('mark' in own) ? own : undefined;
      const meaning = isTestPackage ? exportedMeaning(name) : extended;
      scope.set(local, meaning ?? { kind: 'other' });
    } else if (isTestPackage) {
      // The default export of `node:test` is `test`, with the whole API as properties.
      const isDefault = specifier.type === 'ImportDefaultSpecifier';
      scope.set(local, { kind: isDefault ? 'test' : 'namespace' });
    } else if (!scope.has(local)) {
      scope.set(local, { kind: 'other' });
    }
  }
}

function declare(id: Node, init: Node, scope: Map<string, Meaning>, constants: Constants): void {
  const api = readApi(unwrap(init), scope, constants);
  if (id.type === 'Identifier') {
    if (api) scope.set(id.name, meaningOf(api.kind, api.ownMark));
    // A call may well return an extended `test`; anything else under its name is something else.
    else if (!isCall(unwrap(init))) scope.set(id.name, { kind: 'other' });
    return;
  }
  const taken = new Map(propertiesOf(id, constants).map(([name, local]) => [local, name]));
  for (const local of namesIn(id)) {
    const property = taken.get(local);
    const meaning = api && property !== undefined ? takenOut(api, property) : undefined;
    if (meaning) scope.set(local, meaning);
    else if (!isCall(unwrap(init))) scope.set(local, { kind: 'other' });
  }
}

/** What `const { skip } = it` or `const { it } = vitest` gives its names. */
function takenOut(api: ApiExpression, property: string): Meaning | undefined {
  if (api.kind === 'namespace') return exportedMeaning(property);
  return isMark(property) ? meaningOf(api.kind, property) : undefined;
}

function meaningOf(kind: ApiExpression['kind'], mark: string | undefined): Meaning {
  switch (kind) {
    case 'test':
    case 'suite':
      return mark === undefined ? { kind } : { kind, mark };
    case 'contextMark':
      return { kind, mark: mark ?? 'skip' };
    case 'hook':
    case 'namespace':
    case 'context':
      return { kind };
  }
}

function unwrap(node: Node): Node {
  return node.type === 'AwaitExpression' ? node.argument : node;
}

function isCall(node: Node): boolean {
  return node.type === 'CallExpression' || node.type === 'MemberExpression';
}

/** Every name a parameter or pattern binds; names of its default values too, which hides a little more. */
function namesIn(pattern: Node, depth = 0): string[] {
  if (depth > 30) return [];
  if (pattern.type === 'Identifier') return [pattern.name];
  return childrenOf(pattern).flatMap((child) =>
    /Pattern$|^Identifier$|^RestElement$|^ObjectProperty$|^TSParameterProperty$/.test(child.type)
      ? namesIn(child, depth + 1)
      : [],
  );
}
