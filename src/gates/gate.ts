/** The vocabulary of the gates. */

import type { BuiltInOptions } from './gates-file/schema.ts';
import type { CoverageThresholds, GateName } from './names.ts';

/**
 * `failed`: the tool ran and found faults. `error`: the tool could not run, or its output cannot be read; never
 * the author's fault. `skipped`: left out on purpose. Only `passed` counts as passed.
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

/** An error that concerns a line, or a whole file. */
export function errorAt(file: string, line: number | null, rule: string, message: string): Finding {
  return { file, line, column: null, rule, message, severity: 'error' };
}

export interface GateResult {
  readonly gate: GateName;
  readonly status: GateStatus;
  /** True for `passed` alone. */
  readonly passed: boolean;
  /**
   * False when the result is not part of the verdict over all gates: the gates file calls the gate optional or
   * switches it off, or nobody asked for it and the project does not use its tool.
   */
  readonly counts: boolean;
  /** `exit_code`: no report was read, so the result proves less. */
  readonly judgedBy: 'report' | 'exit_code';
  /** One sentence for a person. */
  readonly message: string;
  /** Figures of the gate, such as counts and thresholds. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
  /** At most `findingsLimit`; `findingsOmitted` counts the rest. */
  readonly findings: readonly Finding[];
  readonly findingsOmitted: number;
  readonly durationMs: number;
  /** Null when the tool was not found, or the gate uses none. */
  readonly tool: { readonly name: string; readonly version: string } | null;
}

/** Verdict of one gate; the runner adds name, duration and bounds. */
export interface Verdict {
  readonly status: GateStatus;
  readonly message: string;
  readonly details?: GateResult['details'];
  readonly findings?: readonly Finding[];
  readonly tool?: GateResult['tool'];
  /**
   * Findings that the tool counted, for `failed` because of them alone. Only such a verdict is compared with a baseline.
   */
  readonly faults?: number | undefined;
  /** `report` when left out. */
  readonly judgedBy?: GateResult['judgedBy'];
  /** False when the project does not use the tool; a gate that somebody asked for then becomes an error. */
  readonly counts?: false;
}

/** One check of a checkout. Every problem is a verdict; `check` throws only for a bug of the gates. */
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
   * `killed`: by a foreign signal, most likely out of memory. `flooded`: stopped because it wrote or forked
   * beyond a limit, which the end of `stderr` names. `not_started`: no process was started; `stderr` says why.
   */
  readonly end: 'exited' | 'timeout' | 'cancelled' | 'killed' | 'flooded' | 'not_started';
  /** Null unless it exited by itself. */
  readonly exitCode: number | null;
  /** Head and tail of its output, without control sequences, for people. Verdicts are read from reports where the tool writes one. */
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
  /** Absolute paths of the tests that are to be judged; empty for all. */
  readonly testPaths: readonly string[];
  /** Text of the JSON report; undefined when there is none or it is not from this run. */
  readonly report: string | undefined;
  /** Text of `coverage-summary.json`, alike. */
  readonly coverageSummary: string | undefined;
  /** Text of `lcov.info`; undefined unless the gates file asks about changed lines. Its paths are relative to `coverageRoot`. */
  readonly lcov: string | undefined;
  /** Globs of the files that coverage counts, relative to `coverageRoot`. */
  readonly coverageInclude: readonly string[];
  readonly coverageRoot: string;
  /** The verdict on coverage that was not measured, such as for want of a provider; the tests then ran without it. */
  readonly coverageProblem: Verdict | undefined;
}

/** A command of the gates file. */
export interface CommandRequest {
  /** A text is run by `/bin/sh -c`, a list without a shell. */
  readonly command: string | readonly string[];
  /** Directory to run in, relative to the directory under check. */
  readonly in: string;
  /** Variables beside those of every command. */
  readonly env: Readonly<Record<string, string>>;
  /** True to leave the network on. */
  readonly network?: boolean;
  /** Deadline of its own, within that of the gate. */
  readonly timeoutMs?: number;
}

/** The directory under check as one gate sees it, with the functions to run tools on it. */
export interface Checkout {
  /** Absolute working directory of the tools. Findings name files relative to it. */
  readonly directory: string;
  /** Top directory of the project that the tools see; `directory` is in it, or the same. */
  readonly root: string;
  readonly thresholds: CoverageThresholds;
  /** Options of the built-in gates, from the gates file or its defaults. */
  readonly options: BuiltInOptions;
  /** False when the sandbox has no network but loopback. */
  readonly network: boolean;
  /** The directory under check as the caller named it, with its git history; `directory` may be a private copy of it. */
  readonly origin: string;
  /** Git ref of the run to compare with; undefined without one. */
  readonly base: string | undefined;
  /**
   * Files of the project below `directory`, relative to it, with `/`, without `node_modules`: those that git
   * tracks, and new ones it does not ignore; outside of git all.
   */
  readonly files: () => Promise<readonly string[]>;
  /** Resolves the tool from a trusted place; rejects with `ToolMissing`, which says what to install. */
  readonly tool: (name: ToolName) => Promise<Tool>;
  /** A fresh private directory outside the checkout, writable inside the sandbox. */
  readonly scratch: (name: string) => Promise<string>;
  /**
   * Runs the tool with Node, in the sandbox, with the deadline of the gate. Never rejects; settles at the latest
   * 2 s after the deadline, whatever processes the tool left behind.
   */
  readonly run: (tool: Tool, args: readonly string[]) => Promise<ToolRun>;
  /** Runs a command of the gates file as `run` runs a tool, with the environment of commands. */
  readonly runCommand: (request: CommandRequest) => Promise<ToolRun>;
  /** Reads a report of a run; undefined when it is missing, a link, too large or older than `notBefore`. */
  readonly readReport: (path: string, notBefore: number) => Promise<string | undefined>;
  /** The one run of vitest, which all calls share. */
  readonly testRun: () => Promise<TestRun>;
  readonly signal: AbortSignal;
}
