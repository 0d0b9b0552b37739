import { errorAt, type Finding } from '../gate.ts';
import { pairByKey, type SourceChange, type TestCase } from './facts.ts';

/**
 * Tests of the base that are gone, or that no longer test. Counted over the whole tree: a test may move to
 * another file or take another title, and a file may put others in the place of its own as long as they
 * are no fewer.
 */
export function lostTests(changes: readonly SourceChange[]): Finding[] {
  const old = changes.flatMap((change) =>
    (change.before?.tests ?? []).map((test): TestInFile => ({
      test,
      change,
      path: change.pathBefore,
    })),
  );
  const now = changes.flatMap((change) =>
    (change.after?.tests ?? []).map((test): TestInFile => ({ test, change, path: change.path })),
  );
  const pairs: Pair[] = [];
  let rest: { items: readonly TestInFile[]; others: readonly TestInFile[] } = {
    items: old,
    others: now,
  };
  for (const keyOf of keys) {
    const paired = pairByKey(rest, keyOf, staysCollected);
    pairs.push(...paired.pairs.map(([old, now]) => ({ old, now })));
    rest = paired;
  }
  const helpers = new Set(changes.flatMap(({ after }) => after?.assertingFunctions ?? []));
  return [...weakened(pairs, helpers), ...fewer(pairs, rest.items, rest.others)];
}

interface TestInFile {
  readonly test: TestCase;
  readonly change: SourceChange;
  readonly path: string;
}

interface Pair {
  readonly old: TestInFile;
  readonly now: TestInFile;
}

/** Keys by which two tests count as the same, the surest first. */
const keys: readonly ((placed: TestInFile) => string | undefined)[] = [
  ({ test, change }) => `${change.path}\0${test.title}`,
  ({ test }) => test.title,
  ({ test }) => test.title.split(' > ').at(-1),
  // An empty body says nothing.
  ({ test, change }) =>
    test.statements > 0 ? `${change.path}\0${test.body?.join('\n') ?? ''}` : undefined,
  ({ test }) => (test.statements > 0 ? test.body?.join('\n') : undefined),
];

/** A test must not move from a path that a test runner collects to another. */
function staysCollected(old: TestInFile, now: TestInFile): boolean {
  return isTestPath(now.path) || !isTestPath(old.path);
}

/** True for a path that a test runner collects. */
function isTestPath(path: string): boolean {
  return /[.](test|spec)[.][cm]?[jt]sx?$|(^|\/)__tests__\//.test(path);
}

function weakened(pairs: readonly Pair[], helpers: ReadonlySet<string>): Finding[] {
  return pairs.flatMap(({ old, now }): Finding[] => {
    if (old.test.body === undefined || now.test.body === undefined) return [];
    const at = (rule: string, message: string) => errorAt(now.path, now.test.line, rule, message);
    if (old.test.statements > 0 && now.test.statements === 0) {
      return [at('test-emptied', `the test ${quoted(now.test)} has lost its body`)];
    }
    if (old.test.assertions === 0 || now.test.assertions > 0) return [];
    // A function that is new to the test and asserts on its behalf.
    if (now.test.calls.some((name) => helpers.has(name) && !old.test.calls.includes(name)))
      return [];
    const message = `the test ${quoted(now.test)} asserts nothing any more (${old.test.assertions} assertions at the base)`;
    return [at('assertions-removed', message)];
  });
}

/** Findings for the tests that files lost beyond those they gained. */
function fewer(
  pairs: readonly Pair[],
  missing: readonly TestInFile[],
  added: readonly TestInFile[],
): Finding[] {
  const gained = new Map<SourceChange, number>();
  const add = (change: SourceChange, count: number) =>
    gained.set(change, (gained.get(change) ?? 0) + count);
  for (const { test, change, path } of added) {
    // Tests in a file that no runner collects replace nothing.
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

function quoted(test: TestCase): string {
  return `"${test.title.length > 200 ? `${test.title.slice(0, 199)}…` : test.title}"`;
}
