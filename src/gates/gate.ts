/** The vocabulary of the gates. */

export const gateNames = ['build', 'lint', 'test', 'coverage', 'integrity'] as const;
export type GateName = (typeof gateNames)[number];

/**
 * `failed`: the tool ran and said no. `error`: it could not run or spoke nonsense, which is never the
 * author's fault. `skipped`: left out on purpose. Only `passed` counts as passed.
 */
export const gateStatuses = ['passed', 'failed', 'error', 'timeout', 'skipped'] as const;
export type GateStatus = (typeof gateStatuses)[number];

export interface Finding {
  /** Relative to the directory under check, with `/`; null when the finding is about no file. */
  readonly file: string | null;
  /** Line and column count from 1; null when the tool names none. */
  readonly line: number | null;
  readonly column: number | null;
  /** Rule or code of the tool: `TS2322`, `no-unused-vars`; null for a failed test. */
  readonly rule: string | null;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

export interface GateResult {
  readonly gate: GateName;
  readonly status: GateStatus;
  /** True for `passed` alone. */
  readonly passed: boolean;
  /** One sentence for a person. */
  readonly message: string;
  /** Figures of the gate, such as counts and thresholds. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
  /** At most `findingsLimit`; `findingsOmitted` counts the rest. */
  readonly findings: readonly Finding[];
  readonly findingsOmitted: number;
  readonly durationMs: number;
  /** Null when the tool was not found, or there is none. */
  readonly tool: { readonly name: string; readonly version: string } | null;
}

/** What a gate found out; the runner adds name, duration and bounds. */
export interface Verdict {
  readonly status: GateStatus;
  readonly message: string;
  readonly details?: GateResult['details'];
  readonly findings?: readonly Finding[];
  readonly tool?: GateResult['tool'];
}

/** One check of a checkout. Whatever goes wrong is a verdict; `check` throws only for a fault of ours. */
export interface Gate {
  readonly name: GateName;
  readonly check: (checkout: Checkout) => Promise<Verdict>;
}

export const toolNames = ['typescript', 'eslint', 'vitest'] as const;
export type ToolName = (typeof toolNames)[number];

export interface Tool {
  readonly name: ToolName;
  readonly version: string;
  /** Absolute path of the JavaScript file that Node is to run. */
  readonly entry: string;
}

export interface ToolRun {
  /**
   * `killed`: by a signal that was not ours, most likely for want of memory. `flooded`: stopped because it
   * wrote or forked beyond the limit; the end of `stderr` says which. `not_started`: there is no process; `stderr` says why.
   */
  readonly end: 'exited' | 'timeout' | 'cancelled' | 'killed' | 'flooded' | 'not_started';
  /** Null unless it exited by itself. */
  readonly exitCode: number | null;
  /** Head and tail of what it wrote, without control sequences, for people: never to be parsed for a verdict where the tool can write a report. */
  readonly stdout: string;
  readonly stderr: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** One run of vitest serves the gates `test` and `coverage`. */
export interface TestRun {
  readonly tool: Tool;
  readonly run: ToolRun;
  /** Text of the JSON report; undefined when there is none or it is not from this run. */
  readonly report: string | undefined;
  /** Text of `coverage-summary.json`, alike. */
  readonly coverageSummary: string | undefined;
  /** Why coverage could not be measured (no provider, say); the tests then ran without it. */
  readonly coverageProblem: string | undefined;
}

/** The four figures of coverage, percent. */
export interface CoverageThresholds {
  readonly lines: number;
  readonly statements: number;
  readonly functions: number;
  readonly branches: number;
}

/** A directory under check and the means to run tools on it. */
export interface Checkout {
  /** Absolute; where the tools run. Findings are told relative to it. */
  readonly directory: string;
  readonly thresholds: CoverageThresholds;
  /** Resolves the tool from a trusted place; rejects with `ToolMissing`, which says what to install. */
  readonly tool: (name: ToolName) => Promise<Tool>;
  /** A fresh private directory outside the checkout, writable inside the sandbox. */
  readonly scratch: (name: string) => Promise<string>;
  /**
   * Runs the tool's entry by Node with these arguments, in the sandbox, with the deadline of a gate. Never
   * rejects; settles at the latest 2 s after its deadline, whatever the tool left behind.
   */
  readonly run: (tool: Tool, args: readonly string[]) => Promise<ToolRun>;
  /** Reads a report that a run was told to write; undefined when it is missing, a link, too large or older than `notBefore`. */
  readonly readReport: (path: string, notBefore: number) => Promise<string | undefined>;
  /** Runs vitest once, however often it is asked. */
  readonly testRun: () => Promise<TestRun>;
  readonly signal: AbortSignal;
}
