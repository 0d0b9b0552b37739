import type { GateName, GateResult, GateStatus } from './gate.ts';

export const sandboxModes = ['none', 'unshare', 'bwrap'] as const;
export type SandboxMode = (typeof sandboxModes)[number];

/** The verdict over all gates of one checkout, with the commit and configuration that it holds for. */
export interface GatesReport {
  /** The worst of its gates; `error` and `timeout` come before `failed`. */
  readonly verdict: GateStatus;
  readonly gates: readonly GateResult[];
  readonly directory: string;
  /** Null outside a git checkout. */
  readonly commit: string | null;
  /** True when the tree differs from the commit; null outside a git checkout. */
  readonly dirty: boolean | null;
  /** SHA-256 over the configuration files and options of the run. */
  readonly configHash: string;
  /** True when a coverage threshold is below the default of 85 %. */
  readonly weakened: boolean;
  readonly sandbox: SandboxMode;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
}

export interface GatesOptions {
  readonly directory: string;
  /** By default build, lint, test and coverage; with `base` integrity as well. */
  readonly gates?: readonly GateName[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: GateProgress) => void;
  /** Percent, for all four figures or one by one; 85 by default. */
  readonly minCoverage?:
    number | Partial<Record<'lines' | 'statements' | 'functions' | 'branches', number>>;
  /** Deadline of one gate, milliseconds; 5 minutes by default. */
  readonly timeoutMs?: number;
  /** Deadline over all. */
  readonly overallTimeoutMs?: number;
  /** Git ref the configuration of the tools is taken from. */
  readonly configFrom?: string;
  /** Git ref the integrity gate compares with. */
  readonly base?: string;
  /** `auto`: the strictest mode that works here. */
  readonly sandbox?: SandboxMode | 'auto';
  /** True for untrusted code: allows only the sandbox bwrap, and no tools from the checkout. */
  readonly untrusted?: boolean;
  /** Directory whose `node_modules` holds the tools; the checkout itself by default. */
  readonly toolsFrom?: string;
  /** Maximum runs at the same time in this process; further ones wait. 1 by default. */
  readonly concurrency?: number;
}

export type GateProgress =
  | { readonly kind: 'started'; readonly gate: GateName }
  | { readonly kind: 'finished'; readonly gate: GateName; readonly result: GateResult };
