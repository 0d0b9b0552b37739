/** Something in a source file that keeps a tool from looking: a skip, a directive in a comment. */
export interface Mark {
  readonly rule: string;
  /** As a person would write it: `it.skip`, `eslint-disable-next-line no-console`. */
  readonly text: string;
  /** The rules an ESLint directive names; none means all. */
  readonly names: readonly string[];
  /** What it applies to, title of a test or line of code; empty when that is the whole file. */
  readonly context: string;
  readonly line: number;
}

export interface TestCase {
  /** Titles of the suites around it and its own, ` > ` between them. */
  readonly title: string;
  readonly line: number;
  /** How many tests it stands for; Infinity when that is only known at run time. */
  readonly cases: number;
  /** Lines of its body, trimmed; undefined when the body is elsewhere or unreadable. */
  readonly body: readonly string[] | undefined;
  readonly statements: number;
  readonly assertions: number;
  /** Names of the functions it calls: one of them may assert on its behalf. */
  readonly calls: readonly string[];
}

/** What the gate compares about one version of a source file. */
export interface SourceFacts {
  readonly marks: readonly Mark[];
  readonly tests: readonly TestCase[];
  /** Functions of the file that assert something. */
  readonly assertingFunctions: readonly string[];
  /** Trimmed lines and titles of tests, to tell an edited line from a line newly marked. */
  readonly known: ReadonlySet<string>;
  /** False when the file does not parse and words had to do. */
  readonly parsed: boolean;
}
