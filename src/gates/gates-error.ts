import { CoordinatorError } from '../errors.ts';

export type GatesErrorCode =
  | 'gates_directory_unusable'
  | 'gates_options_invalid'
  | 'gates_file_invalid'
  | 'gates_ref_unknown'
  | 'gates_git_failed'
  | 'gates_sandbox_unavailable';

/** The gates cannot run with these options. The code under check is not at fault. */
export class GatesError extends CoordinatorError {
  declare readonly code: GatesErrorCode;

  constructor(code: GatesErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = 'GatesError';
  }
}
