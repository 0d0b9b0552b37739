/** Code that switches a check off: a skip, or a pragma in a comment. */
export interface Mark {
  readonly rule: string;
  /** As written: `it.skip`, `eslint-disable-next-line no-console`. */
  readonly text: string;
  /** The rules an ESLint directive names; none means all. */
  readonly names: readonly string[];
  /** The title of a test or the line of code that it applies to; empty for the whole file. */
  readonly context: string;
  readonly line: number;
}

/** What an assertion is about, and what it says of it, as written: `expect(add(1, 2))` and `.toBe(3)`. */
export interface Expectation {
  readonly subject: string;
  readonly expected: string;
}

export interface TestCase {
  /** Titles of the suites around it and its own, ` > ` between them. */
  readonly title: string;
  readonly line: number;
  /** Number of cases; Infinity when it is known only at run time. */
  readonly cases: number;
  /** Lines of its body, trimmed; undefined when the body is elsewhere or unreadable. */
  readonly body: readonly string[] | undefined;
  readonly statements: number;
  /** How many calls in it can fail the test. */
  readonly assertions: number;
  /** Of these, the ones that no condition, loop or early end can leave out. */
  readonly sureAssertions: number;
  readonly expectations: readonly Expectation[];
  /** Names of the functions it calls: one of them may assert on its behalf. */
  readonly calls: readonly string[];
}

/** The facts about one version of a source file that the gate compares. */
export interface SourceFacts {
  readonly marks: readonly Mark[];
  readonly tests: readonly TestCase[];
  /** Functions of the file that assert something. */
  readonly assertingFunctions: readonly string[];
  /** It has tests, or words of a test framework. */
  readonly isOfTests: boolean;
  /** The functions that it declares, with the names of those they call. */
  readonly functions: ReadonlyMap<string, readonly string[]>;
  /** Relative paths that it imports code from, as written. */
  readonly imports: readonly string[];
  /** Trimmed lines and titles of tests, to tell an edited line from a line newly marked. */
  readonly known: ReadonlySet<string>;
  /** False when the file does not parse, so that it was read by words. */
  readonly parsed: boolean;
}

/** A source file that differs between base and head; both paths count as one file when it was renamed. */
export interface SourceChange {
  /** Where it is now, or was. */
  readonly path: string;
  readonly pathBefore: string;
  readonly before: SourceFacts | undefined;
  readonly after: SourceFacts | undefined;
}

/**
 * Pairs items that have the same key, each with the first that matches; gives the pairs, and the items
 * that are left on both sides. An item without a key has no partner.
 */
export function pairByKey<T extends object>(
  { items, others }: { readonly items: readonly T[]; readonly others: readonly T[] },
  keyOf: (item: T) => string | undefined,
  matches: (item: T, other: T) => boolean,
) {
  const candidates = Map.groupBy(others, (other) => keyOf(other) ?? '');
  candidates.delete('');
  const pairs: [T, T][] = [];
  const used = new Set<T>();
  const rest = items.filter((item) => {
    const sameKey = candidates.get(keyOf(item) ?? '') ?? [];
    const index = sameKey.findIndex((other) => matches(item, other));
    const [match] = index < 0 ? [] : sameKey.splice(index, 1);
    if (match === undefined) return true;
    used.add(match);
    pairs.push([item, match]);
    return false;
  });
  return { pairs, items: rest, others: others.filter((other) => !used.has(other)) };
}
