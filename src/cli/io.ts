import type { Environment } from '../config.ts';

export interface Output {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
  /** Its height. */
  readonly rows?: number;
}

/** What a command may touch of its surroundings; tests pass their own. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Read when a command needs it, so that `--help` works without any. */
  readonly environment: () => Environment;
  /** Ends a command that runs until told otherwise, beside the signals of the process. */
  readonly signal?: AbortSignal;
}
