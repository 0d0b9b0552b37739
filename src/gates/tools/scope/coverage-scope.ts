import { posix } from 'node:path';

import type { Node } from '@babel/types';

import { parseSource } from '../../integrity/syntax.ts';
import { isNamedBy, isSource, languageOf } from './sources.ts';

/** What was measured of the sources that a project holds. Files without a statement, such as types alone, do not count. */
export interface CoverageScope {
  /** Sources that were measured. */
  readonly measured: readonly string[];
  /** Sources that the globs name, and that were not measured: the project excludes them. */
  readonly excluded: readonly string[];
  /** Sources below the same folders that no glob names. */
  readonly besides: readonly string[];
}

export interface ScopeRequest {
  /** Files of the project, relative to the directory under check. */
  readonly files: readonly string[];
  /** Those of the coverage report, alike. */
  readonly reported: ReadonlySet<string>;
  /** Globs, relative to `root`, which is relative to the directory. */
  readonly include: readonly string[];
  readonly root: string;
  readonly readText: (file: string) => Promise<string | undefined>;
}

/** Compares the report with the sources that the project holds. */
export async function coverageScope(request: ScopeRequest): Promise<CoverageScope> {
  const { files, reported, include, root, readText } = request;
  const globs = include.filter((glob) => !glob.startsWith('!'));
  const barred = include.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  const folders = globs.map(folderOf);
  const named: string[] = [];
  const besides: string[] = [];
  for (const file of files) {
    if (languageOf(file) === undefined || !isSource(file)) continue;
    const path = posix.relative(root, file);
    if (path.startsWith('..')) continue;
    if (isNamedBy(path, globs) && !isNamedBy(path, barred)) named.push(file);
    else if (folders.some((folder) => folder !== '' && path.startsWith(folder))) besides.push(file);
  }
  const withStatements = async (candidates: readonly string[]) => {
    const kept: string[] = [];
    for (const file of candidates) {
      if (holdsStatements((await readText(file)) ?? '', file)) kept.push(file);
    }
    return kept;
  };
  const isReported = (file: string) => reported.has(file);
  return {
    measured: [...named, ...besides].filter(isReported),
    excluded: await withStatements(named.filter((file) => !isReported(file))),
    besides: await withStatements(besides.filter((file) => !isReported(file))),
  };
}

/** The folder that a glob begins with, with `/`; empty when it begins anywhere. */
function folderOf(glob: string): string {
  const segments = glob.replace(/^\.\//, '').split('/');
  const first = segments.findIndex((segment) => /[*?{}[\]()!+@]/.test(segment));
  const fixed = first === -1 ? segments.slice(0, -1) : segments.slice(0, first);
  return fixed.map((segment) => `${segment}/`).join('');
}

/** True for code that coverage can count; also for text that cannot be parsed. */
function holdsStatements(text: string, file: string): boolean {
  const root = parseSource(text, file)?.root;
  return root?.type === 'Program' ? root.body.some(isStatement) : true;
}

function isStatement(node: Node): boolean {
  if ('declare' in node && node.declare) return false;
  if (node.type === 'ExportNamedDeclaration')
    return node.declaration ? isStatement(node.declaration) : false;
  if (node.type === 'ExportDefaultDeclaration') return isStatement(node.declaration);
  return !statementless.has(node.type);
}

/** Of TypeScript and Flow. */
const statementless = new Set([
  'ImportDeclaration',
  'ExportAllDeclaration',
  'EmptyStatement',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
  'TSDeclareFunction',
  'TSImportEqualsDeclaration',
  'TSNamespaceExportDeclaration',
  'TypeAlias',
  'OpaqueType',
  'InterfaceDeclaration',
]);
