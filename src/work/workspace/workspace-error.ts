import { CoordinatorError } from '../../errors.ts';

export type WorkspaceFault =
  /** The repository cannot be reached, read or pushed to. */
  | 'remote'
  /** What the agent left cannot be taken over: it stays where it is. */
  | 'unusable'
  | 'no_space';

/** True for an error of the system about a file: an agent can leave what no call of it takes. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}

/** True when what an agent left cannot be read, and the machine is not to blame. */
export function isUnusable(error: unknown): boolean {
  if (error instanceof WorkspaceError) return error.fault === 'unusable';
  return isFileError(error) && error.code !== 'ENOSPC' && error.code !== 'EDQUOT';
}

/** The work of an issue cannot be prepared, or taken over; the message names the cause, for a person. */
export class WorkspaceError extends CoordinatorError {
  readonly fault: WorkspaceFault;

  constructor(fault: WorkspaceFault, message: string, options?: ErrorOptions) {
    super(`workspace_${fault}`, message, options);
    this.name = 'WorkspaceError';
    this.fault = fault;
  }
}
