import type { Node } from '@babel/types';

import { childrenOf, memberNameOf } from '../syntax.ts';
import { namesOf } from './assertions.ts';

/** What a condition depends on: where the code runs, or what kind of machine that is. */
export type Surroundings = 'environment' | 'platform';

/** Names of one file that stand for something read from the surroundings. */
export type SurroundingNames = ReadonlyMap<string, Surroundings>;

/**
 * The names that a program gives to what it reads from its surroundings: by import, by declaration, or as a
 * function that does. Scopes do not count: a name that means it somewhere means it everywhere.
 */
export function surroundingNames(program: Node): SurroundingNames {
  const names = new Map<string, Surroundings>();
  const declared: { readonly name: string; readonly value: Node }[] = [];
  collect(program);
  // A constant of a constant of a constant is as far as this looks.
  for (let round = 0; round < 3; round += 1) {
    for (const { name, value } of declared) {
      const read = names.has(name) ? undefined : readDirectly(value, names);
      if (read) names.set(name, read);
    }
  }
  return names;

  function collect(node: Node): void {
    if (node.type === 'ImportDeclaration') {
      for (const specifier of node.specifiers) {
        const local = specifier.local.name;
        const imported =
          specifier.type === 'ImportSpecifier' && specifier.imported.type === 'Identifier'
            ? specifier.imported.name
            : local;
        const isOfCi = ciPackages.test(node.source.value) && !/platform|windows|linux/i.test(local);
        if (isOfCi || namesCi.test(imported)) names.set(local, 'environment');
        else if (/^(node:)?(process|os)$/.test(node.source.value) && roots.has(imported))
          names.set(local, roots.get(imported) ?? 'environment');
      }
    } else if (node.type === 'FunctionDeclaration' && node.id) {
      declared.push({ name: node.id.name, value: node });
    } else if (node.type === 'VariableDeclarator' && node.init) {
      declare(node.id, node.init);
    }
    for (const child of childrenOf(node)) collect(child);
  }

  function declare(pattern: Node, value: Node): void {
    if (pattern.type === 'Identifier') declared.push({ name: pattern.name, value });
    if (pattern.type !== 'ObjectPattern') return;
    for (const property of pattern.properties) {
      if (property.type !== 'ObjectProperty') continue;
      const target =
        property.value.type === 'AssignmentPattern' ? property.value.left : property.value;
      const key = property.key.type === 'Identifier' ? property.key.name : '';
      const isOfProcess = namesOf(value).at(-1) === 'process' && roots.has(key);
      if (isOfProcess && target.type === 'Identifier') {
        names.set(target.name, roots.get(key) ?? 'environment');
      } else declare(target, value);
    }
  }
}

/** What a value is, not what it is made with: `createServer(process.env.PORT)` is no part of the environment. */
function readDirectly(value: Node, names: SurroundingNames): Surroundings | undefined {
  switch (value.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression': {
      if (value.body.type !== 'BlockStatement') return readDirectly(value.body, names);
      const statements = value.body.body;
      if (statements.length > 4) return undefined;
      return statements
        .map((statement) => {
          if (statement.type === 'IfStatement') return readDirectly(statement.test, names);
          if (statement.type !== 'ReturnStatement' || !statement.argument) return undefined;
          return readDirectly(statement.argument, names);
        })
        .find(Boolean);
    }
    case 'CallExpression': {
      const last = namesOf(value.callee).at(-1) ?? '';
      const isDirect = names.has(last) || roots.has(last) || converts.test(last);
      return isDirect ? surroundingsOf(value, names) : undefined;
    }
    case 'NewExpression':
    case 'ObjectExpression':
    case 'ArrayExpression':
    case 'AwaitExpression':
    case 'TemplateLiteral':
    case 'ClassExpression':
      return undefined;
    default:
      return surroundingsOf(value, names);
  }
}

const converts =
  /^(Boolean|Number|String|parseInt|includes|startsWith|endsWith|test|match|has|some|every|trim|toLowerCase|toString)$/;

/** What an expression reads from the surroundings; the environment outranks the platform. */
export function surroundingsOf(node: Node, names: SurroundingNames): Surroundings | undefined {
  const found = new Set<Surroundings>();
  visit(node);
  return found.has('environment') ? 'environment' : found.has('platform') ? 'platform' : undefined;

  function visit(current: Node): void {
    if (current.type === 'Identifier') {
      const meaning = names.get(current.name);
      if (meaning) found.add(meaning);
      return;
    }
    if (current.type === 'MemberExpression' || current.type === 'OptionalMemberExpression') {
      const read = readOf(current);
      if (read) found.add(read);
      visit(current.object);
      if (current.computed) visit(current.property);
      return;
    }
    if (current.type === 'ObjectProperty' && !current.computed) return visit(current.value);
    for (const child of childrenOf(current)) visit(child);
  }
}

/** `process.env`, `import.meta.env`, `os.platform`. */
function readOf(member: Node): Surroundings | undefined {
  if (member.type !== 'MemberExpression' && member.type !== 'OptionalMemberExpression') {
    return undefined;
  }
  const { object } = member;
  const name = memberNameOf(member);
  if (object.type === 'MetaProperty') return name === 'env' ? 'environment' : undefined;
  const base = namesOf(object).at(-1) ?? '';
  return /^(process|os|Deno|Bun|proc)$/.test(base) ? roots.get(name) : undefined;
}

/** Properties of `process` and `os`. */
const roots: ReadonlyMap<string, Surroundings> = new Map([
  ...['env', 'argv', 'execArgv', 'ppid', 'pid', 'title', 'hostname', 'userInfo', 'homedir'].map(
    (name): [string, Surroundings] => [name, 'environment'],
  ),
  ...['isTTY', 'stdout', 'stdin', 'stderr', 'cwd', 'networkInterfaces', 'uptime', 'cpus'].map(
    (name): [string, Surroundings] => [name, 'environment'],
  ),
  ...['platform', 'arch', 'version', 'versions', 'type', 'release', 'features', 'endianness'].map(
    (name): [string, Surroundings] => [name, 'platform'],
  ),
]);
const ciPackages = /^(std-env|ci-info|is-ci|env-ci|is-in-ci)$/;
const namesCi = /^_?(is|in|on)?_?(running_?)?(in|on)?_?ci$/i;
