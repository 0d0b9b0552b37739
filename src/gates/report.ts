import type { GateResult, GateStatus } from './gate.ts';
import type { GatesFile } from './gates-file/schema.ts';
import type { CoverageThresholds, GateName } from './names.ts';
import type { ResourceLimits } from './process/resource-limits.ts';

export const sandboxModes = ['none', 'unshare', 'bwrap'] as const;
export type SandboxMode = (typeof sandboxModes)[number];

/** The verdict over all gates of one checkout, with the commit and configuration that it holds for. */
export interface GatesReport {
  /**
   * The worst of the gates that count: `failed` before `error`, so that no missing tool hides a real red, then
   * `timeout`, `skipped` and `passed`. `error` when none counts.
   */
  readonly verdict: GateStatus;
  readonly gates: readonly GateResult[];
  readonly directory: string;
  /** Null outside a git checkout. */
  readonly commit: string | null;
  /** True when the tree differs from the commit; null outside a git checkout. */
  readonly dirty: boolean | null;
  /** SHA-256 over the configuration files and options of the run. */
  readonly configHash: string;
  /** Where the gates file was read, such as `.mosaic/gates.json at main`; null without one. */
  readonly gatesFile: string | null;
  /** True when a coverage threshold is below the default of 85 %. */
  readonly weakened: boolean;
  readonly sandbox: SandboxMode;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
}

export interface GatesOptions {
  readonly directory: string;
  /** By default those of the gates file, else build, lint, test and coverage; with `base` integrity as well. */
  readonly gates?: readonly GateName[];
  readonly signal?: AbortSignal;
  /** Awaited before anything of the project is run; what it throws ends the run. */
  readonly onPlan?: (run: PlannedRun) => void | Promise<void>;
  readonly onProgress?: (event: GateProgress) => void;
  /** Percent, for all four figures or one by one; by default as the gates file says, else 85. */
  readonly minCoverage?: number | Partial<CoverageThresholds>;
  /** Deadline of one gate, and of one step, milliseconds; 5 and 10 minutes by default. The gates file may name others. */
  readonly timeoutMs?: number;
  /** Deadline over all, milliseconds; five times that of one gate by default. */
  readonly overallTimeoutMs?: number;
  /** Git ref the configuration of the tools is taken from. */
  readonly configFrom?: string;
  /** Git ref the integrity gate and the coverage of changed lines compare with. */
  readonly base?: string;
  /** `auto`: the strictest mode that works here. */
  readonly sandbox?: SandboxMode | 'auto';
  /** True for untrusted code: allows only the sandbox bwrap, and no tools from the checkout. */
  readonly untrusted?: boolean;
  /** Directory whose `node_modules` holds the tools; the checkout itself by default. */
  readonly toolsFrom?: string;
  /** Maximum runs at the same time in this process; further ones wait. 1 by default. */
  readonly concurrency?: number;
  /** False to leave out the steps `install` and `build` of the gates file and use what is installed. */
  readonly install?: boolean;
  /** Names of variables of this process that the steps and commands of the gates file get, such as `HTTPS_PROXY`. */
  readonly passEnvironment?: readonly string[];
  /** True to leave the network on for all tools, not only for `install`. */
  readonly network?: boolean;
  /** True to compare findings with no baseline, so that `baselineOf` can make a new one of the report. */
  readonly ignoreBaseline?: boolean;
  /** Taken in place of the gates file of the directory or the ref; `from` names it in the report. */
  readonly gatesFile?: { readonly file: GatesFile; readonly from: string };
  /** Directory below which the private files of the run are made; the system's temporary one by default. */
  readonly workDirectory?: string;
  /** False for a fresh directory for downloads of tool chains, which code under check cannot fill for later runs; `!untrusted` by default. */
  readonly keepDownloads?: boolean;
  /** Limits of every program that is run; none of these by default. */
  readonly limits?: ResourceLimits;
  /** Maximum findings of each result, 200 by default; `findingsOmitted` counts the rest. */
  readonly findingsLimit?: number;
}

/** What a run is about to do, and on which bytes. */
export interface PlannedRun {
  /** Commit, tree and sandbox as in the report. */
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly sandbox: SandboxMode;
  readonly gates: readonly PlannedGate[];
}

export interface PlannedGate {
  readonly gate: GateName;
  /** `maybe`: nobody asked for the gate, so it does not count if the project does not use its tool. */
  readonly counts: boolean | 'maybe';
}

export type GateProgress =
  | { readonly kind: 'started'; readonly gate: GateName }
  | { readonly kind: 'finished'; readonly gate: GateName; readonly result: GateResult };
