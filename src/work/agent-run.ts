import type { Sandbox } from '../gates/process/sandbox.ts';
import type { Logger } from '../log.ts';
import type { Adapter, AgentEnd, AgentStart, Spent } from './adapters/adapter.ts';

export interface AgentRunRequest {
  readonly adapter: Adapter;
  readonly start: AgentStart;
  /** Unguessable, one a run: by it every process of the run is found, also after a crash of the runner. */
  readonly marker: string;
  /** Variables beside the allow-list: `MOSAIC_*`, author of commits, what the forwarder tells. No secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** The environment of the runner; only names of the allow-list are taken from it. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** As `openSandbox` opened it, `none` included. */
  readonly sandbox: Sandbox;
  /** Beside worktree and home. */
  readonly writable: readonly string[];
  readonly readOnly: readonly string[];
  readonly onProgress: (progress: AgentProgress) => void;
  /** When the allowance comes back, where the forwarder saw it and the stream does not tell. */
  readonly limitedUntil?: () => number | undefined;
  readonly log: Logger;
  /** Time from SIGTERM to SIGKILL; 10 s by default. */
  readonly graceMs?: number;
  /** An agent is hung after this time without a line while no tool runs; 15 minutes by default. */
  readonly silenceMs?: number;
}

export interface AgentProgress {
  readonly session?: string | undefined;
  /** Tokens in the context of the main loop. */
  readonly used?: number | undefined;
  readonly window?: number | undefined;
  /** Fill level in tokens from which the agent compacts by itself; undefined when it does not. */
  readonly compactsAt?: number | undefined;
  /** The tool that runs, or ran last. */
  readonly tool?: string | undefined;
  /** Of this run. */
  readonly spent: Spent;
  /** It waits for a message: say something, or close its input. */
  readonly turnEnded: boolean;
}

export interface RunningAgent {
  /** False when the agent does not hear while it runs, or has ended. */
  readonly say: (text: string) => boolean;
  readonly compact: () => boolean;
  /** The agent ends when its turn is over. Nothing can be said any more. */
  readonly closeInput: () => void;
  /** SIGTERM, after the grace SIGKILL of every process that it started. Resolves when none is left. */
  readonly stop: () => Promise<void>;
  /** Never rejects. Resolves when no process of the run is left. */
  readonly ended: Promise<AgentEnd>;
}

/** Starts an agent; a problem of the start is an end, too. */
export type RunAgent = (request: AgentRunRequest) => RunningAgent;
