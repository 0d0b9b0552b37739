import type { Mark, TestCase } from '../facts.ts';
import { noBody } from './test-body.ts';

/** What switches a check off in a language, by its words, and what begins a test. */
interface Words {
  readonly marks: readonly (readonly [rule: string, pattern: RegExp])[];
  readonly test: RegExp;
  /** The line before the one that names the test, where that is what makes it one. */
  readonly announcedBy?: RegExp;
}

/** Longer lines are read in part. */
const maxLine = 2_000;

const python: Words = {
  marks: [
    ['noqa', /#\s*(?:ruff\s*:\s*|flake8\s*:\s*)?noqa\b(?:\s*:\s*[A-Z0-9, ]+)?/i],
    ['type-ignore', /#\s*(?:type|pyright|mypy)\s*:\s*ignore(?:-errors)?\b(?:\[[^\]]*\])?/],
    ['pylint-disable', /#\s*pylint\s*:\s*(?:disable|skip-file)[^#]*/],
    ['coverage-ignore', /#\s*pragma\s*:\s*no\s*(?:cover|branch)\b/i],
    [
      'skip',
      /@?(?:pytest\.)?mark\.(?:skip|skipif|xfail)\b|\bpytest\.(?:skip|xfail|importorskip)\(/,
    ],
    ['skip', /@?unittest\.(?:skip\w*|expectedFailure)\b|\bself\.skipTest\(/],
    [
      'skip',
      /\bdef\s+(?:pytest_collection_modifyitems|pytest_ignore_collect|pytest_runtest_makereport)\b|^\s*collect_ignore(?:_glob)?\b/,
    ],
  ],
  test: /^\s*(?:async\s+)?def\s+(test_?\w*)\s*\(/,
};
const go: Words = {
  marks: [
    ['nolint', /\/\/\s*nolint\b(?::[\w,-]+)?/],
    ['skip', /\b[tbf]\.Skip(?:Now|f)?\(/],
    ['skip', /\btesting\.Short\(\)|^\s*os\.Exit\(0\)/],
    ['build-constraint', /^\/\/go:build\s+.*\bignore\b|^\/\/\s*\+build\s+ignore\b/],
  ],
  test: /^func\s+((?:Test|Fuzz|Example|Benchmark)\w*)\s*\(/,
};
const rust: Words = {
  marks: [
    ['allow', /#!?\[(?:allow|expect)\([^\])]*\)?/],
    ['skip', /#\[(?:ignore\b|cfg_attr\([^\]]*\bignore\b)/],
    [
      'coverage-ignore',
      /#!?\[(?:cfg_attr\([^\]]*)?coverage\(off\)|\/\/\s*(?:grcov-excl|LCOV_EXCL)\w*/,
    ],
  ],
  test: /^\s*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)\s*\(/,
  announcedBy: /^\s*#\[(?:\w+::)*test\b/,
};

const languages: ReadonlyMap<string, Words> = new Map([
  ['py', python],
  ['pyi', python],
  ['go', go],
  ['rs', rust],
]);

/** True for a source file that is read by words. */
export function isOtherLanguage(path: string): boolean {
  return languages.has(path.split('.').at(-1) ?? '');
}

/** The marks and tests of such a file, line by line: strings and comments included, so rather too many. */
export function readOtherLanguage(
  path: string,
  lines: readonly string[],
): { readonly marks: Mark[]; readonly tests: TestCase[] } {
  const words = languages.get(path.split('.').at(-1) ?? '');
  const marks: Mark[] = [];
  const tests: TestCase[] = [];
  let isAnnounced = false;
  lines.forEach((whole, index) => {
    const text = whole.slice(0, maxLine);
    const line = index + 1;
    for (const [rule, pattern] of words?.marks ?? []) {
      const [found] = pattern.exec(text) ?? [];
      if (found === undefined) continue;
      marks.push({
        rule,
        text: found.trim().slice(0, 80),
        names: [],
        context: contextOf(lines, index),
        line,
      });
    }
    if (words?.announcedBy?.test(text) === true) isAnnounced = true;
    const [, title] = words?.test.exec(text) ?? [];
    if (title === undefined) return;
    if (!words?.announcedBy || isAnnounced) tests.push({ ...unread, title, line });
    isAnnounced = false;
  });
  return { marks, tests };
}

/** A test of which only the title is known. */
export const unread = { cases: 1, ...noBody };

/** The code on the line; for a line of its own, such as a decorator, the next one. */
function contextOf(lines: readonly string[], index: number): string {
  const own = (lines[index] ?? '').trim();
  if (!/^(@|#|\/\/)/.test(own)) return own.slice(0, maxLine);
  const next = lines.slice(index + 1, index + 6).find((line) => !/^\s*(@|#|\/\/|$)/.test(line));
  return (next ?? own).trim().slice(0, maxLine);
}
