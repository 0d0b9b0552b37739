import { CoordinatorError } from '../../errors.ts';

export type WorkspaceFault =
  /** The repository cannot be reached, read or pushed to. */
  | 'remote'
  /** What the agent left cannot be taken over: it stays where it is. */
  | 'unusable'
  | 'no_space';

/** The work of an issue cannot be prepared, or taken over; the message names the cause, for a person. */
export class WorkspaceError extends CoordinatorError {
  readonly fault: WorkspaceFault;

  constructor(fault: WorkspaceFault, message: string, options?: ErrorOptions) {
    super(`workspace_${fault}`, message, options);
    this.name = 'WorkspaceError';
    this.fault = fault;
  }
}
