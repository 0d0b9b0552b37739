import { pairByKey } from '../facts.ts';

/** One test as a run of the test runner reported it. */
export interface RunTest {
  /** From the directory under check, with `/`. */
  readonly file: string;
  /** Titles of its suites and its own; not unique within a file. */
  readonly name: string;
  /** Its own title, where the report tells it. */
  readonly title?: string;
  readonly status: string;
}

/** The tests of one file that passed on the base and are missing or skipped now. */
export interface LostRuns {
  readonly kind: 'lost' | 'skipped';
  /** The file at the base, and what it is called now; the same when it was not renamed. */
  readonly fileBefore: string;
  readonly file: string;
  /** Full names, as the base reported them. */
  readonly names: readonly string[];
  /** False when no test of the file is in the run of the head at all. */
  readonly isCollected: boolean;
}

/**
 * Compares two runs: the tests that passed on the base and no longer run, file by file. A test may move to any
 * file and keep its title, and a file may retitle its tests as long as they are no fewer. A test that fails now
 * does run. `renames` gives the path now by the path at the base, for files that were renamed.
 */
export function lostRuns(
  base: readonly RunTest[],
  head: readonly RunTest[],
  renames: ReadonlyMap<string, string> = new Map(),
): LostRuns[] {
  const left = {
    old: new Set(base.map((test) => ({ test, file: renames.get(test.file) ?? test.file }))),
    now: new Set(head.map((test) => ({ test, file: test.file }))),
  };
  const skipped: Placed[] = [];
  for (const keyOf of [...sameName, ...sameTitle]) {
    pair(left, keyOf, passed, runs);
    // Those that did not pass on the base owe nothing, and their successors replace nothing.
    pair(left, keyOf, not(passed), not(runs));
    pair(left, keyOf, not(passed), runs);
    if (sameName.includes(keyOf)) skipped.push(...pair(left, keyOf, passed, not(runs)));
  }
  const missing = [...left.old].filter(passed);
  const added = [...left.now].filter(runs);
  const collected = new Set(head.map(({ file }) => file));
  return [
    ...byFile('skipped', skipped, collected),
    ...byFile('lost', withoutReplaced(missing, added), collected),
  ];
}

interface Placed {
  readonly test: RunTest;
  /** Where it is now, or would be. */
  readonly file: string;
}

/** The tests of both runs that have no partner yet. */
interface Left {
  readonly old: Set<Placed>;
  readonly now: Set<Placed>;
}

function passed({ test }: Placed): boolean {
  return test.status === 'passed';
}

/** A red test is a matter of the gate `test`. */
function runs({ test }: Placed): boolean {
  return test.status === 'passed' || test.status === 'failed';
}

function not(is: (placed: Placed) => boolean): (placed: Placed) => boolean {
  return (placed) => !is(placed);
}

type KeyOf = (placed: Placed) => string | undefined;

/** The surest first: the same file, then any. */
const sameName: readonly KeyOf[] = [
  ({ file, test }) => `${file}\0${test.name}`,
  ({ test }) => test.name,
];
/** For tests that were put into another suite. */
const sameTitle: readonly KeyOf[] = [
  ({ file, test }) => test.title && `${file}\0${test.title}`,
  ({ test }) => test.title,
];

/** Takes the pairs with the same key out of both sides; gives their old halves. */
function pair(
  left: Left,
  keyOf: KeyOf,
  isOld: (placed: Placed) => boolean,
  isNow: (placed: Placed) => boolean,
): Placed[] {
  const items = [...left.old].filter(isOld);
  const others = [...left.now].filter(isNow);
  return pairByKey({ items, others }, keyOf, () => true).pairs.map(([old, now]) => {
    left.old.delete(old);
    left.now.delete(now);
    return old;
  });
}

/** Each new test of a file stands for one that the file had under another title. */
function withoutReplaced(missing: readonly Placed[], added: readonly Placed[]): Placed[] {
  const gained = new Map<string, number>();
  for (const { file } of added) gained.set(file, (gained.get(file) ?? 0) + 1);
  return missing.filter(({ file }) => {
    const available = gained.get(file) ?? 0;
    gained.set(file, available - 1);
    return available <= 0;
  });
}

function byFile(
  kind: LostRuns['kind'],
  placed: readonly Placed[],
  collected: ReadonlySet<string>,
): LostRuns[] {
  const groups = Map.groupBy(placed, ({ test }) => test.file);
  return [...groups].map(([fileBefore, tests]) => {
    const file = tests[0]?.file ?? fileBefore;
    const names = tests.map(({ test }) => test.name);
    return { kind, fileBefore, file, names, isCollected: collected.has(file) };
  });
}
