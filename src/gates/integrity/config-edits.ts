import type { Node } from '@babel/types';

import type { Finding } from '../gate.ts';
import type { ConfigKind } from './gate-config.ts';
import { packageRule } from './package-rules.ts';
import { lineOf, parseJson, parseSource } from './syntax.ts';
import { diffSyntax, type Edit } from './syntax-diff.ts';

export interface ConfigChange {
  readonly path: string;
  readonly kind: ConfigKind;
  readonly before: string;
  readonly after: string;
}

/** More differences than this in one file make it another file. */
const editLimit = 20;

/** The edits of a configuration file that a person must approve. */
export function configEdits({ path, kind, before, after }: ConfigChange): Finding[] {
  const at = (line: number, rule: string, message: string): Finding => ({
    file: path,
    line,
    column: null,
    rule,
    message,
    severity: 'error',
  });
  const byLines = (note: string): Finding[] => [
    at(firstDifference(before, after), 'gate-config-edited', `gate configuration edited${note}`),
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
      return [at(lineOf(edit.after ?? edit.within), rule, place + change)];
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
