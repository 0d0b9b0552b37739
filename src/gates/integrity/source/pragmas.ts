import type { Mark } from '../facts.ts';
import { linesOf } from '../syntax.ts';

/** A comment says something about code nearby; this also bounds the work on a file of nothing but comments. */
const lookAhead = 20;

export interface CommentText {
  readonly value: string;
  readonly block: boolean;
  /** Lines of its begin and end, from 1. */
  readonly line: number;
  readonly endLine: number;
}

/** The directives to tools among the comments of a file. */
export function pragmasIn(comments: readonly CommentText[], lines: readonly string[]): Mark[] {
  return comments.flatMap((comment) => {
    const directive = readDirective(comment);
    if (!directive) return [];
    const context = directive.wholeFile ? '' : markedCode(comment, lines);
    return [{ ...directive, context, line: comment.line }];
  });
}

interface Directive {
  readonly rule: string;
  readonly text: string;
  readonly names: readonly string[];
  readonly wholeFile: boolean;
}

function readDirective({ value, block }: CommentText): Directive | undefined {
  const eslint = /^\s*(eslint-disable(?:-next-line|-line)?)(?![\w-])([^]*)$/.exec(value);
  // In a line comment the plain form has no effect.
  if (eslint?.[1] !== undefined && (block || eslint[1] !== 'eslint-disable')) {
    const names = (eslint[2]?.split(/\s-{2,}\s/)[0] ?? '')
      .split(/[\s,]+/)
      .filter(Boolean)
      .sort();
    return {
      rule: 'eslint-disable',
      text: [eslint[1], names.join(', ')].filter(Boolean).join(' '),
      names,
      wholeFile: eslint[1] === 'eslint-disable',
    };
  }
  // Only blocks configure ESLint: `/* eslint no-console: "off" */`.
  const inline = block ? /^eslint ([\w@].*)$/.exec(oneLine(value))?.[1] : undefined;
  if (inline !== undefined && /: ?\[? ?["']?(?:off|warn|0|1)\b/.test(inline)) {
    return { rule: 'eslint-disable', text: `eslint ${inline}`, names: [inline], wholeFile: true };
  }
  const other =
    /^[\s*]*((biome-ignore|oxlint-disable|tslint:disable|deno-lint-ignore|jshint ignore|standard-disable)(?:-[\w-]+)?)(?![\w-])([^]*)$/.exec(
      value,
    );
  if (other?.[1] !== undefined && other[2] !== undefined) {
    const [words = ''] = (other[3] ?? '').split(/:|\s-{2,}\s/);
    const names = words
      .split(/[\s,]+/)
      .filter(Boolean)
      .sort();
    const wholeFile = !/next-line|-line$|^biome-ignore$|^deno-lint-ignore$/.test(other[1]);
    const text = [other[1], ...names].join(' ');
    return { rule: other[2].replace(/[: ]/g, '-'), text, names, wholeFile };
  }
  const environment = /@(?:vitest|jest)-environment\s+(\.\S+)/.exec(value)?.[1];
  if (environment !== undefined) {
    const text = `@vitest-environment ${environment}`;
    return { rule: 'test-environment', text, names: [environment], wholeFile: true };
  }
  // TypeScript reads the last line of a block.
  const lastLine = linesOf(value).at(-1) ?? '';
  const typescript = /^[\s/*]*@(ts-(?:ignore|expect-error|nocheck))(?![\w-])/.exec(lastLine)?.[1];
  if (typescript !== undefined) {
    const wholeFile = typescript === 'ts-nocheck';
    return { rule: typescript, text: `@${typescript}`, names: [], wholeFile };
  }
  const coverage =
    /^[\s!*]*((?:v8|c8|istanbul|node:coverage)\s+(?:ignore|disable)\b(?:\s+(?:next|if|else|file|start|stop)\b)?)/.exec(
      value,
    )?.[1];
  if (coverage !== undefined) {
    const text = oneLine(coverage);
    if (text.endsWith(' stop')) return undefined;
    return { rule: 'coverage-ignore', text, names: [], wholeFile: text.endsWith(' file') };
  }
  return undefined;
}

/** The code on the line of the comment or, when it stands alone, on the next line that has any. */
function markedCode(comment: CommentText, lines: readonly string[]): string {
  const own = withoutComments(lines[comment.line - 1] ?? '');
  if (own !== '') return own;
  const next = lines
    .slice(comment.endLine, comment.endLine + lookAhead)
    .find((line) => withoutComments(line) !== '');
  return withoutComments(next ?? '');
}

/** The code of a line; `//` in a string may cut it short, which does no harm where lines are compared. */
function withoutComments(line: string): string {
  return line
    .replace(/\/\*.*?(?:\*\/|$)/g, '')
    .replace(/\/\/.*$/, '')
    .replace(/^\s*\*.*$/, '')
    .trim();
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
