import type { Comment } from '@babel/types';

import type { Mark, SourceFacts, TestCase } from '../facts.ts';
import { pragmasIn, type CommentText } from './pragmas.ts';
import { parseSource } from '../syntax.ts';
import { testCallsIn } from './test-calls.ts';

/** The facts about one version of a source file, by its syntax tree, or by words when it does not parse. Never throws. */
export function sourceFacts(text: string, path: string): SourceFacts {
  const lines = text.split('\n');
  const read = readSyntax(text, path, lines) ?? readWords(lines);
  const titles = read.tests.map(({ title }) => title);
  return { ...read, known: new Set([...lines.map((line) => line.trim()), ...titles]) };
}

type FactsRead = Omit<SourceFacts, 'known'>;

function readSyntax(text: string, path: string, lines: readonly string[]): FactsRead | undefined {
  // A component is markup with scripts in it.
  const syntax = /\.[cm]?[jt]sx?$/.test(path) ? parseSource(text, path) : undefined;
  if (!syntax) return undefined;
  try {
    const { marks, tests, assertingFunctions } = testCallsIn(syntax.root, text);
    const pragmas = pragmasIn(syntax.comments.map(commentText), lines);
    return { marks: [...marks, ...pragmas], tests, assertingFunctions, parsed: true };
  } catch (error) {
    // A tree too deep for the stack, such as one expression of 100,000 additions.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Line by line, comments and strings included: it finds too much rather than too little. */
function readWords(lines: readonly string[]): FactsRead {
  const marks: Mark[] = [];
  const tests: TestCase[] = [];
  lines.forEach((whole, index) => {
    const text = whole.slice(0, maxLine);
    const line = index + 1;
    const context = text.trim();
    for (const found of text.matchAll(markWords)) {
      const [written, modifier = written.startsWith('x') ? 'skip' : 'only'] = found;
      const rule = modifier === 'failing' ? 'fails' : modifier;
      marks.push({ rule, text: written.replace(/\($/, ''), names: [], context, line });
    }
    marks.push(...pragmasIn(commentsOn(text, line), lines));
    for (const [, , title = ''] of text.matchAll(testWords)) {
      tests.push({ ...unread, title, line });
    }
  });
  return { marks, tests, assertingFunctions: [], parsed: false };
}

const maxLine = 2_000;
const markWords =
  /\b(?:it|test|describe|suite)\b(?:\.\w+)*\.(skip|only|todo|fails|failing)\b|\b(?:xit|xtest|xdescribe|fit|fdescribe)\(/g;
const testWords = /\b(?:it|test)(?:\.\w+)*\(\s*(['"`])(.*?)\1/g;
const unread = {
  cases: 1,
  body: undefined,
  statements: 0,
  assertions: 0,
  expectations: [],
  calls: [],
};

function commentsOn(text: string, line: number): CommentText[] {
  return [...text.matchAll(/\/\/(.*)|(?:\/\*|<!--)(.*?)(?:\*\/|-->|$)/g)].map(
    ([, rest, inner]) => ({
      value: rest ?? inner ?? '',
      block: rest === undefined,
      line,
      endLine: line,
    }),
  );
}

function commentText(comment: Comment): CommentText {
  return {
    value: comment.value,
    block: comment.type === 'CommentBlock',
    line: comment.loc?.start.line ?? 1,
    endLine: comment.loc?.end.line ?? 1,
  };
}
