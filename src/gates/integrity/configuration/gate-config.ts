import type { Node } from '@babel/types';
import { posix } from 'node:path';

import { childrenOf } from '../syntax.ts';
import { isDataFile } from './data-files.ts';

/** Kind of a configuration file; it decides how edits are compared. */
export type ConfigKind = 'package' | 'json' | 'code' | 'data' | 'text';

/** The kind of gate configuration at this path; undefined when it is none. */
export function configKind(path: string): ConfigKind | undefined {
  const name = posix.basename(path);
  if (name === 'package.json') return 'package';
  if (/^[jt]sconfig([.-][\w.-]+)?\.json$/.test(name)) return 'json';
  if (/^\.eslintrc(\.json)?$/.test(name) || /^vitest\.workspace\.json$/.test(name)) return 'json';
  // Vite writes a copy with a timestamp while it loads the file.
  if (/^(eslint|vite|vitest)(\.[\w-]+)*\.[cm]?[jt]s$/.test(name) && !name.includes('.timestamp-')) {
    if (/\.(config|workspace)\./.test(name)) return 'code';
  }
  if (/^\.eslintrc\.[cm]?js$/.test(name)) return 'code';
  if (isGatesFile(path) || jsonConfig.test(name)) return 'json';
  if (codeConfig.test(name)) return 'code';
  if (isDataFile(path)) return 'data';
  return textConfig.test(name) || isPatch(path) || isPipeline(path) ? 'text' : undefined;
}

const jsonConfig =
  /^(biome\.jsonc?|\.oxlintrc\.json|oxlint\.json|jest\.config\.json|\.(mocharc|c8rc|nycrc|xo-config)(\.jsonc?)?|pyrightconfig\.json)$/;
const codeConfig =
  /^((jest|ava|nyc|playwright|xo|oxlint|stryker)\.config\.[cm]?[jt]s|\.mocharc\.[cm]?js|\.xo-config\.c?js|\.?pnpmfile\.[cm]?js)$/;
/** Of these every line counts. */
const textConfig =
  /^(\.eslintrc\.ya?ml|\.prettierignore|\.(mocharc|nycrc)\.ya?ml|\.eslintignore|\.npmrc|\.yarnrc(\.yml)?|bunfig\.toml|\.?(pytest|mypy)\.ini|\.coveragerc|\.?ruff\.toml|\.pylintrc|\.flake8|\.golangci\.(ya?ml|toml|json)|\.?clippy\.toml|nextest\.toml)$/;

/** How the gates are run, and the findings that they forgive. */
export function isGatesFile(path: string): boolean {
  return /^(.*\/)?\.mosaic\/gates(-baseline)?\.json$/.test(path);
}

/** A change of a package that is made after it was installed. */
export function isPatch(path: string): boolean {
  return /(^|\/)(patches|\.yarn\/patches)\/.+\.patch$/.test(path);
}

/** Configuration of a linter that holds for the files below it, in the place of one further up. */
export function rulesNearby(path: string): boolean {
  return /^(\.?eslint|biome\.|\.?oxlint|\.?ruff\.|\.golangci|(\.xo-|xo\.)config)/.test(
    posix.basename(path),
  );
}

/** Configuration of the pipeline that runs the gates. */
export function isPipeline(path: string): boolean {
  return (
    /^\.(ci|circleci|woodpecker)\//.test(path) ||
    /^\.(github|gitea|forgejo)\/(workflows|actions)\//.test(path) ||
    /^(\.gitlab-ci\.ya?ml|\.woodpecker\.ya?ml|\.drone\.ya?ml|Jenkinsfile)$/.test(path)
  );
}

/**
 * The files a configuration names as parts of itself: what it imports or extends, set-up files, reporters.
 * Where the ending is left out or is that of the compiled file, each possible path is given.
 */
export function filesNamedBy(root: Node, path: string): string[] {
  const named: string[] = [];
  visit(root, false);
  return named.flatMap((name) => possiblePaths(name, posix.dirname(path)));

  function visit(node: Node, isPart: boolean): void {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
        if (node.source && isRelative(node.source.value)) named.push(node.source.value);
        break;
      case 'CallExpression':
        if (
          node.callee.type === 'Import' ||
          (node.callee.type === 'Identifier' && node.callee.name === 'require')
        ) {
          return visitAll(node, true);
        }
        break;
      case 'ObjectProperty': {
        const { key } = node;
        const name =
          key.type === 'Identifier' ? key.name : key.type === 'StringLiteral' ? key.value : '';
        return visit(node.value, isPart || parts.has(name));
      }
      case 'StringLiteral':
        if (isPart) named.push(node.value);
        return;
      default:
    }
    visitAll(node, isPart);
  }

  function visitAll(node: Node, isPart: boolean): void {
    for (const child of childrenOf(node)) visit(child, isPart);
  }
}

/** The shell scripts and makefiles that commands of the gates file, or scripts named like a gate, are run by. */
export function scriptsNamedBy(text: string, path: string): string[] {
  const isGates = isGatesFile(path);
  if (!isGates && configKind(path) !== 'package') return [];
  const top = isGates ? posix.dirname(posix.dirname(path)) : posix.dirname(path);
  const commands = isGates
    ? [text]
    : [...text.matchAll(/"(?:test|lint|type-?check|check|coverage|ci)[:.\w-]*"\s*:\s*"(.*)"/g)].map(
        ([, command = '']) => command,
      );
  return commands.flatMap((command) => {
    const scripts = [...command.matchAll(/[\w./-]+\.(?:ba)?sh\b/g)].map(([name]) => name);
    const makefiles = /\bmake\b/.test(command) ? ['Makefile', 'GNUmakefile'] : [];
    return [...scripts, ...makefiles].map((name) => posix.join(top, name));
  });
}

/** Keys of vitest, ESLint and TypeScript configuration whose value is a file that takes part in the gate. */
const parts = new Set([
  'extends',
  'setupFiles',
  'globalSetup',
  'reporters',
  'runner',
  'environment',
  'customProviderModule',
  'snapshotSerializers',
  'projects',
  'workspace',
  'sequencer',
]);

function isRelative(name: string): boolean {
  return name.startsWith('./') || name.startsWith('../');
}

/** Where a relative path may lead: its ending may be left out, or that of the compiled file. */
export function possiblePaths(name: string, directory: string): string[] {
  const path = posix.normalize(posix.join(directory, name));
  const stem = path.replace(/\.[cm]?js$/, '');
  return [path, ...endings.flatMap((ending) => [path + ending, stem + ending])];
}

const endings = [
  ...['.json', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'],
  ...['/index.ts', '/index.js'],
];
