import { errorAt, type Finding } from '../gate.ts';
import type { SourceChange } from './facts.ts';
import { isTestPath, quoted, type TestInFile, type TestPairs } from './test-pairs.ts';

/**
 * Tests of the base that are gone, or that no longer test. A file may put others in the place of its own as
 * long as they are no fewer.
 */
export function lostTests(tests: TestPairs, changes: readonly SourceChange[]): Finding[] {
  const helpers = new Set(changes.flatMap(({ after }) => after?.assertingFunctions ?? []));
  return [...weakened(tests.pairs, helpers), ...emptied(changes, helpers), ...fewer(tests)];
}

function weakened(pairs: TestPairs['pairs'], helpers: ReadonlySet<string>): Finding[] {
  return pairs.flatMap(({ old, now }): Finding[] => {
    if (old.test.body === undefined || now.test.body === undefined) return [];
    const at = (rule: string, message: string) => errorAt(now.path, now.test.line, rule, message);
    if (old.test.statements > 0 && now.test.statements === 0) {
      return [at('test-emptied', `the test ${quoted(now.test)} has lost its body`)];
    }
    if (old.test.sureAssertions > 0 && now.test.sureAssertions === 0 && now.test.assertions > 0) {
      if (isSkipped(now)) return [];
      const message = `the test ${quoted(now.test)} asserts only under a condition now, or in a loop that may be empty`;
      return [{ ...at('assertions-conditional', message), severity: 'warning' }];
    }
    if (old.test.assertions === 0 || now.test.assertions > 0) return [];
    // A function that is new to the test and asserts on its behalf.
    if (now.test.calls.some((name) => helpers.has(name) && !old.test.calls.includes(name)))
      return [];
    const message = `the test ${quoted(now.test)} asserts nothing any more (${old.test.assertions} assertions at the base)`;
    return [at('assertions-removed', message)];
  });
}

/** True when a condition that skips in this test is told of anyway. */
function isSkipped({ test, change: { after } }: TestInFile): boolean {
  const skips = after?.marks.filter(({ rule }) => rule === 'conditional-skip') ?? [];
  return skips.some((mark) => after?.tests.findLast(({ line }) => line <= mark.line) === test);
}

/** Helpers that asserted on behalf of tests. One that calls something new may have left it to that. */
function emptied(changes: readonly SourceChange[], helpers: ReadonlySet<string>): Finding[] {
  return changes.flatMap(({ path, before, after }) =>
    (before?.isOfTests === true ? before.assertingFunctions : []).flatMap((name): Finding[] => {
      const [old, now] = [before?.functions.get(name), after?.functions.get(name)];
      if (!old || !now || helpers.has(name)) return [];
      const message = `the function ${name}, which tests may call, asserts nothing any more`;
      const finding = errorAt(path, null, 'assertions-removed', message);
      const isLeftToOthers = now.some((call) => !old.includes(call));
      return [isLeftToOthers ? { ...finding, severity: 'warning' } : finding];
    }),
  );
}

/** Findings for the tests that files lost beyond those they gained. */
function fewer({ pairs, missing, added }: TestPairs): Finding[] {
  const gained = new Map<SourceChange, number>();
  const add = (change: SourceChange, count: number) =>
    gained.set(change, (gained.get(change) ?? 0) + count);
  for (const { test, change, path } of added) {
    // Tests that assert nothing, or in a file that no runner collects, replace nothing.
    if (!mayFail(test)) continue;
    if (isTestPath(path) || !isTestPath(change.pathBefore)) add(change, test.cases);
  }
  for (const { old, now } of pairs) {
    if (now.test.cases > old.test.cases) add(now.change, now.test.cases - old.test.cases);
  }
  /** Uses up what the file gained; false when that is not enough. */
  const madeUpFor = (change: SourceChange, count: number): boolean => {
    const available = gained.get(change) ?? 0;
    if (available < count) return false;
    gained.set(change, available - count);
    return true;
  };
  const dropped = pairs.flatMap(({ old, now }): Finding[] => {
    const lost = old.test.cases - now.test.cases;
    if (!Number.isFinite(lost) || lost <= 0 || madeUpFor(now.change, lost)) return [];
    const message = `${quoted(now.test)} runs ${now.test.cases} cases, at the base ${old.test.cases}`;
    return [errorAt(now.path, now.test.line, 'fewer-cases', message)];
  });
  const deleted = missing.flatMap(({ test, change, path }): Finding[] => {
    // A test of unknown number counts as one at least.
    const count = Number.isFinite(test.cases) ? Math.max(test.cases, 1) : 1;
    if (madeUpFor(change, count)) return [];
    const where = change.after ? '' : ', and so is its file';
    const message = `the test ${quoted(test)} is gone${where} (the line is the base's)`;
    return [errorAt(path, test.line, 'test-deleted', message)];
  });
  return [...dropped, ...deleted];
}

/** True unless all that the test does is assert what cannot fail. */
function mayFail({ body, assertions, calls }: TestInFile['test']): boolean {
  return body === undefined || assertions > 0 || calls.some((name) => !vocabulary.test(name));
}

const vocabulary =
  /^(expect|assert|not|ok|to[A-Z]\w*|equal|strictEqual|deepEqual|deepStrictEqual|notEqual)$/;
