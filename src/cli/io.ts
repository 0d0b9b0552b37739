import type { Environment } from '../config.ts';

/** What a command may touch of its surroundings; tests pass their own. */
export interface Io {
  readonly stdout: { readonly write: (text: string) => unknown; readonly isTTY?: boolean };
  readonly stderr: { readonly write: (text: string) => unknown; readonly isTTY?: boolean };
  /** Read when a command needs it, so that `--help` works without any. */
  readonly environment: () => Environment;
  /** Ends a command that runs until told otherwise, beside the signals of the process. */
  readonly signal?: AbortSignal;
}
