import type { Comment, Node } from '@babel/types';

import type { Mark, SourceFacts, TestCase } from '../facts.ts';
import { isTestPath } from '../test-pairs.ts';
import { pragmasIn, type CommentText } from './pragmas.ts';
import { isOtherLanguage, readOtherLanguage, unread } from './other-languages.ts';
import { childrenOf, lineOf, linesOf, parseSource } from '../syntax.ts';
import { testCallsIn } from './test-calls.ts';

/** The facts about one version of a source file, by its syntax tree, or by words when it does not parse. Never throws. */
export function sourceFacts(text: string, path: string): SourceFacts {
  const lines = linesOf(text);
  const read = isOtherLanguage(path)
    ? {
        ...readOtherLanguage(path, lines),
        assertingFunctions: [],
        functions: new Map(),
        isOfTests: false,
        imports: [],
        parsed: true,
      }
    : (readSyntax(text, path, lines) ?? readWords(lines));
  const titles = read.tests.map(({ title }) => title);
  return { ...read, known: new Set([...lines.map((line) => line.trim()), ...titles]) };
}

type FactsRead = Omit<SourceFacts, 'known'>;

function readSyntax(text: string, path: string, lines: readonly string[]): FactsRead | undefined {
  // A component is markup with scripts in it.
  const syntax = /\.[cm]?[jt]sx?$/.test(path) ? parseSource(text, path) : undefined;
  if (!syntax) return undefined;
  try {
    const { marks, ...calls } = testCallsIn(syntax.root, text);
    const pragmas = pragmasIn(syntax.comments.map(commentText), lines);
    const imports = importsIn(syntax.root);
    const detections = calls.tests.length > 0 || isTestPath(path) ? [] : detectionsIn(lines);
    return {
      marks: [...marks, ...pragmas, ...detections, ...declaredModules(syntax.root)],
      ...calls,
      imports,
      parsed: true,
    };
  } catch (error) {
    // A tree too deep for the stack, such as one expression of 100,000 additions.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Code that is no test and asks whether it is being tested, or is made of text that no tool looks at. */
function detectionsIn(lines: readonly string[]): Mark[] {
  return lines.flatMap((whole, index) =>
    detections.flatMap(([rule, words]): Mark[] => {
      const [text] = words.exec(whole.slice(0, maxLine)) ?? [];
      if (text === undefined) return [];
      return [{ rule, text, names: [], context: whole.trim(), line: index + 1 }];
    }),
  );
}

const detections: readonly (readonly [rule: string, words: RegExp])[] = [
  [
    'test-detection',
    /\b(?:env(?:\.|\[['"])(?:VITEST|JEST_WORKER_ID|NODE_ENV|NODE_TEST_CONTEXT)\b|import\.meta\.vitest\b|__vitest_\w+)|\bstack\b.*['"/.](?:vitest|jest|test|spec)\b/,
  ],
  [
    'code-from-text',
    /\bnew Function\(|(?<![.\w])eval\(|\bvm\.(?:run|compile)\w+\(|\bnew vm\.Script\(/,
  ],
];

/** `declare module 'name'` in a file without imports gives a module other types than its own. */
function declaredModules(program: Node): Mark[] {
  const statements = childrenOf(program);
  if (statements.some(({ type }) => /^(Import|Export)/.test(type))) return [];
  return statements.flatMap((node): Mark[] => {
    if (node.type !== 'TSModuleDeclaration' || node.id.type !== 'StringLiteral') return [];
    // Kinds of files that are no code: `*.svg`.
    if (/^\*\.\w/.test(node.id.value)) return [];
    const text = `declare module '${node.id.value}'`;
    return [{ rule: 'module-declared', text, names: [], context: text, line: lineOf(node) }];
  });
}

/** The relative paths that a file imports code from or hands on; types do not count. */
function importsIn(program: Node): string[] {
  const found = new Set<string>();
  visit(program);
  return [...found];

  function visit(node: Node): void {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration': {
        const kind = node.type === 'ImportDeclaration' ? node.importKind : node.exportKind;
        if (kind !== 'type' && node.source) add(node.source);
        break;
      }
      case 'CallExpression': {
        const { callee } = node;
        const isRequire = callee.type === 'Identifier' && callee.name === 'require';
        if (isRequire || callee.type === 'Import') add(node.arguments[0]);
        break;
      }
      case 'ImportExpression':
        add(node.source);
        break;
      default:
    }
    for (const child of childrenOf(node)) visit(child);
  }

  function add(source: Node | undefined): void {
    if (source?.type === 'StringLiteral' && /^\.{1,2}\//.test(source.value))
      found.add(source.value);
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
  return {
    ...{
      marks,
      tests,
      assertingFunctions: [],
      functions: new Map(),
      isOfTests: false,
      imports: [],
    },
    parsed: false,
  };
}

const maxLine = 2_000;
const markWords =
  /\b(?:it|test|describe|suite)\b(?:\.\w+)*\.(skip|only|todo|fails|failing)\b|\b(?:xit|xtest|xdescribe|fit|fdescribe)\(/g;
const testWords = /\b(?:it|test)(?:\.\w+)*\(\s*(['"`])(.*?)\1/g;
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
