import { pairByKey, type SourceChange, type TestCase } from './facts.ts';

export interface TestInFile {
  readonly test: TestCase;
  readonly change: SourceChange;
  readonly path: string;
}

/** Which test of the base each test of the head was, and those that have no counterpart. */
export interface TestPairs {
  readonly pairs: readonly { readonly old: TestInFile; readonly now: TestInFile }[];
  readonly missing: readonly TestInFile[];
  readonly added: readonly TestInFile[];
}

/** Pairs the tests of both sides over the whole tree: a test may move to another file or take another title. */
export function pairTests(changes: readonly SourceChange[]): TestPairs {
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
  const pairs: TestPairs['pairs'][number][] = [];
  let rest: { items: readonly TestInFile[]; others: readonly TestInFile[] } = {
    items: old,
    others: now,
  };
  for (const keyOf of keys) {
    const paired = pairByKey(rest, keyOf, staysCollected);
    pairs.push(...paired.pairs.map(([old, now]) => ({ old, now })));
    rest = paired;
  }
  return { pairs, missing: rest.items, added: rest.others };
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
export function isTestPath(path: string): boolean {
  return /[.](test|spec)[.][cm]?[jt]sx?$|(^|\/)__tests__\//.test(path);
}

/** The title, for a message. */
export function quoted(test: TestCase): string {
  return `"${test.title.length > 200 ? `${test.title.slice(0, 199)}…` : test.title}"`;
}
