import { posix } from 'node:path';

import type { Node } from '@babel/types';

import { errorAt, type Finding } from '../../gate.ts';
import {
  configKind,
  filesNamedBy,
  isGatesFile,
  isPatch,
  isPipeline,
  rulesNearby,
  scriptsNamedBy,
  type ConfigKind,
} from './gate-config.ts';
import { dataEdits } from './data-files.ts';
import { parseJson, parseSource, lineOf } from '../syntax.ts';
import type { FileChange, TreeChanges, Trees } from '../trees/tree-changes.ts';
import { packageRule } from './package-rules.ts';
import { diffSyntax, type Edit } from './syntax-diff.ts';

/** More configuration files than a repository has; further ones are still compared, not what they name. */
export const configLimit = 500;

/** Edits of gate configuration, of files that configuration names as parts of itself included. */
export function configFindings(tree: TreeChanges, parts: ReadonlySet<string>): Finding[] {
  return [...committedPackages(tree), ...tree.changes.flatMap(ofChange)].map((finding) =>
    finding.file?.endsWith('.prettierignore') ? { ...finding, severity: 'warning' } : finding,
  );

  function ofChange(change: FileChange): Finding[] {
    const kind =
      configKind(change.path) ?? (parts.has(change.path) ? kindOfPart(change.path) : undefined);
    if (kind === undefined) return [];
    const { path, before, after } = change;
    if (before !== undefined && after !== undefined) {
      return configEdits({ path, kind, before, after });
    }
    return after === undefined ? removed(change, kind, tree) : added(change, kind, tree);
  }
}

/** A package that lies beside the tests is found before the installed one. */
function committedPackages({ committedPackages: paths }: TreeChanges): Finding[] {
  const packages = Map.groupBy(paths, (path) =>
    path.replace(/^(.*?node_modules\/(?:@[^/]+\/)?[^/]+).*$/, '$1'),
  );
  return [...packages.keys()]
    .slice(0, editLimit)
    .map((path) => errorAt(path, null, 'package-committed', 'a package was committed'));
}

/** The files that the configuration at the base names as parts of itself. */
export async function partsOfConfig(trees: Trees): Promise<Set<string>> {
  const configs = trees.pathsBefore
    .filter((path) => !/(^|\/)node_modules\//.test(path))
    .filter((path) => ['json', 'code', 'package'].includes(configKind(path) ?? ''))
    .slice(0, configLimit);
  const parts = new Set<string>();
  for (const [path, text] of await trees.textsBefore(configs)) {
    for (const named of scriptsNamedBy(text, path)) parts.add(named);
    if (configKind(path) === 'package') continue;
    const root = configKind(path) === 'json' ? parseJson(text) : parseSource(text, path)?.root;
    if (root) for (const named of filesNamedBy(root, path)) parts.add(named);
  }
  return parts;
}

function kindOfPart(path: string): ConfigKind | undefined {
  if (path.endsWith('.json')) return 'json';
  return /\.[cm]?[jt]sx?$/.test(path) ? 'code' : 'text';
}

/** Configuration may go with the whole directory it governed, not by itself. */
function removed(change: FileChange, kind: ConfigKind, tree: TreeChanges): Finding[] {
  if (!tree.directoriesAfter.has(posix.dirname(change.path))) return [];
  return [about(change, kind, 'removed')];
}

/**
 * A new package brings its own configuration; in a directory that was there before, it takes over. A linter obeys
 * the nearest configuration, so that in a new directory it takes over as well.
 */
function added(change: FileChange, kind: ConfigKind, tree: TreeChanges): Finding[] {
  if (kind === 'package' || kind === 'data' || isPipeline(change.path)) return [];
  const finding = about(change, kind, 'added');
  if (isPatch(change.path)) return [finding];
  if (isGatesFile(change.path)) {
    // The first one has no other way in, and this run does not use it.
    return [{ ...about(change, kind, 'added: later runs will use it'), severity: 'warning' }];
  }
  if (tree.directoriesBefore.has(posix.dirname(change.path))) return [finding];
  if (!rulesNearby(change.path)) return [];
  return [isOfNewPackage(change.path, tree) ? { ...finding, severity: 'warning' } : finding];
}

/** True when the file came with a `package.json` beside it or above it, in a directory of its own. */
function isOfNewPackage(path: string, { changes, directoriesBefore }: TreeChanges): boolean {
  return changes.some((change) => {
    const directory = posix.dirname(change.path);
    const isPackage = change.before === undefined && configKind(change.path) === 'package';
    return isPackage && !directoriesBefore.has(directory) && path.startsWith(`${directory}/`);
  });
}

function about({ path }: FileChange, kind: ConfigKind, what: string): Finding {
  const subject = kind === 'package' ? 'the package' : 'gate configuration';
  return errorAt(path, 1, edited, `${subject} was ${what}`);
}

/** More differences than this in one file make it another file. */
const editLimit = 20;

/** The edits of a configuration file that a person must approve. */
export function configEdits({
  path,
  kind,
  before,
  after,
}: Readonly<Record<'path' | 'before' | 'after', string>> & {
  readonly kind: ConfigKind;
}): Finding[] {
  const byLines = (note: string): Finding[] => [
    errorAt(path, firstDifference(before, after), edited, `gate configuration edited${note}`),
  ];
  if (kind === 'text') return byLines('');
  if (kind === 'data') return editsOfData(path, before, after) ?? byLines(unparsed);
  const parse = (text: string): Node | undefined =>
    kind === 'code' ? parseSource(text, path)?.root : parseJson(text);
  const [old, now] = [parse(before), parse(after)];
  if (!old || !now) return byLines(unparsed);

  let edits: Edit[];
  try {
    edits = diffSyntax(old, now);
  } catch (error) {
    // Nested too deep for the stack.
    if (error instanceof RangeError) return byLines(' (compared by lines: nested too deep)');
    throw error;
  }
  return edits
    .flatMap((edit): Finding[] => {
      const rule = ruleOf(edit);
      const judged = kind === 'package' ? packageRule(edit, old, now) : rule && { rule };
      if (!judged) return [];
      const line = lineOf(edit.after ?? edit.within);
      const finding = errorAt(path, line, judged.rule, told(edit, before, after));
      return [
        'isWarning' in judged && judged.isWarning ? { ...finding, severity: 'warning' } : finding,
      ];
    })
    .slice(0, editLimit);
}

const unparsed = ' (compared by lines: the file does not parse)';

function editsOfData(path: string, before: string, after: string): Finding[] | undefined {
  return dataEdits(path, before, after)
    ?.flatMap(({ edit, rule }): Finding[] => {
      if (rule === edited && isStricter(edit)) return [];
      const key = edit.path.at(-1) ?? '';
      const line = after.split('\n').findIndex((text) => key !== '' && text.includes(key)) + 1;
      const [from, to] = [edit.before, edit.after].map((node) => node && clipped(writtenAs(node)));
      return [errorAt(path, line || 1, rule, sentence(edit, from, to))];
    })
    .slice(0, editLimit);
}

/** `fail_under` of Python's coverage, raised. */
function isStricter({ path, before, after }: Edit): boolean {
  const [from, to] = [percent(before) ?? 0, percent(after)];
  return path.at(-1) === 'fail_under' && to !== undefined && to >= from;
}

/** A value that was no text of the file. */
function writtenAs(node: Node): string {
  switch (node.type) {
    case 'StringLiteral':
    case 'NumericLiteral':
    case 'BooleanLiteral':
      return JSON.stringify(node.value);
    case 'ArrayExpression':
      return `[${node.elements.map((each) => (each ? writtenAs(each) : '')).join(', ')}]`;
    default:
      return '{…}';
  }
}

function told(edit: Edit, before: string, after: string): string {
  const written = (node: Node | undefined, text: string) =>
    node ? clipped(text.slice(node.start ?? 0, node.end ?? 0)) : undefined;
  return sentence(edit, written(edit.before, before), written(edit.after, after));
}

function sentence({ path }: Edit, from: string | undefined, to: string | undefined): string {
  const change =
    from === undefined
      ? `${to ?? ''} added`
      : to === undefined
        ? `${from} removed`
        : `${from} became ${to}`;
  const place = path.length === 0 ? '' : `${clipped(path.join('.'))}: `;
  return place + change;
}

/** Undefined for an edit that can only make the gate stricter. */
function ruleOf({ path, before, after }: Edit): string | undefined {
  const last = path.at(-1) ?? '';
  const parent = path.at(-2);
  if (path.some((name) => /^(coverage)?thresholds?$/i.test(name)) && figures.has(last)) {
    const [from, to] = [percent(before), percent(after)];
    if (to !== undefined && (before === undefined || (from !== undefined && to >= from))) {
      // A threshold for some files alone may be there to take them out of the common one.
      return parent !== undefined && /^thresholds?$/i.test(parent) ? undefined : edited;
    }
    return 'threshold-lowered';
  }
  if (parent === 'coverage' && (last === 'include' || last === 'exclude')) {
    const wider = last === 'include' ? after : before;
    const narrower = last === 'include' ? before : after;
    const isGlob = wider?.type === 'StringLiteral' && !wider.value.startsWith('!');
    return narrower === undefined && isGlob ? undefined : 'coverage-narrowed';
  }
  return edited;
}

const edited = 'gate-config-edited';
const figures = new Set(['lines', 'statements', 'functions', 'branches']);

/** A plain percentage; vitest reads negative numbers as counts of uncovered lines. */
function percent(node: Node | undefined): number | undefined {
  return node?.type === 'NumericLiteral' && node.value <= 100 ? node.value : undefined;
}

function firstDifference(before: string, after: string): number {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const index = now.findIndex((line, at) => line !== old[at]);
  return index < 0 ? Math.max(1, now.length) : index + 1;
}

function clipped(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
