import type { Environment } from '../config.ts';

export interface Output {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
  /** Height of the terminal. */
  readonly rows?: number;
}

/** The only surroundings that a command uses; tests pass their own. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Read when a command needs it, so that `--help` works without any. */
  readonly environment: () => Environment;
  /** Stops a long-running command, as the signals of the process do. */
  readonly signal?: AbortSignal;
}
