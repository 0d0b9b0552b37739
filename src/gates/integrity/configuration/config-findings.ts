import { posix } from 'node:path';

import type { Node } from '@babel/types';

import { errorAt, type Finding } from '../../gate.ts';
import { configKind, filesNamedBy, isPipeline, type ConfigKind } from './gate-config.ts';
import { parseJson, parseSource, lineOf } from '../syntax.ts';
import type { FileChange, TreeChanges, Trees } from '../trees/tree-changes.ts';
import { packageRule } from './package-rules.ts';
import { diffSyntax, type Edit } from './syntax-diff.ts';

/** More configuration files than a repository has; further ones are still compared, not what they name. */
const configLimit = 500;

/** Edits of gate configuration, of files that configuration names as parts of itself included. */
export function configFindings(tree: TreeChanges, parts: ReadonlySet<string>): Finding[] {
  return tree.changes.flatMap((change): Finding[] => {
    const kind =
      configKind(change.path) ?? (parts.has(change.path) ? kindOfPart(change.path) : undefined);
    if (kind === undefined) return [];
    const { path, before, after } = change;
    if (before !== undefined && after !== undefined) {
      return configEdits({ path, kind, before, after });
    }
    return after === undefined ? removed(change, kind, tree) : added(change, kind, tree);
  });
}

/** The files that the configuration at the base names as parts of itself. */
export async function partsOfConfig(trees: Trees): Promise<Set<string>> {
  const configs = trees.pathsBefore
    .filter((path) => !/(^|\/)node_modules\//.test(path))
    .filter((path) => ['json', 'code'].includes(configKind(path) ?? ''))
    .slice(0, configLimit);
  const parts = new Set<string>();
  for (const [path, text] of await trees.textsBefore(configs)) {
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

/** A new package brings its own configuration; in a directory that was there before, it takes over. */
function added(change: FileChange, kind: ConfigKind, tree: TreeChanges): Finding[] {
  if (kind === 'package' || isPipeline(change.path)) return [];
  if (!tree.directoriesBefore.has(posix.dirname(change.path))) return [];
  return [about(change, kind, 'added')];
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
  const parse = (text: string): Node | undefined =>
    kind === 'code' ? parseSource(text, path)?.root : parseJson(text);
  const [old, now] = [parse(before), parse(after)];
  if (!old || !now) return byLines(' (compared by lines: the file does not parse)');

  let edits: Edit[];
  try {
    edits = diffSyntax(old, now);
  } catch (error) {
    // Nested too deep for the stack.
    if (error instanceof RangeError) return byLines(' (compared by lines: nested too deep)');
    throw error;
  }
  const written = (node: Node | undefined, text: string) =>
    node ? clipped(text.slice(node.start ?? 0, node.end ?? 0)) : undefined;
  return edits
    .flatMap((edit): Finding[] => {
      const rule = kind === 'package' ? packageRule(edit, old, now) : ruleOf(edit);
      if (rule === undefined) return [];
      const [from, to] = [written(edit.before, before), written(edit.after, after)];
      const change =
        from === undefined
          ? `${to ?? ''} added`
          : to === undefined
            ? `${from} removed`
            : `${from} became ${to}`;
      const place = edit.path.length === 0 ? '' : `${clipped(edit.path.join('.'))}: `;
      return [errorAt(path, lineOf(edit.after ?? edit.within), rule, place + change)];
    })
    .slice(0, editLimit);
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
