import { CoordinatorError } from '../errors.ts';
import type { verdictCauses } from '../issue/verification.ts';

export type ErrorCause = (typeof verdictCauses.error)[number];
export type FailedCause = (typeof verdictCauses.failed)[number];

/** The verification cannot be done here and now, through no fault of the commit. */
export class VerifierError extends CoordinatorError {
  readonly kind: ErrorCause;

  constructor(code: ErrorCause, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = 'VerifierError';
    this.kind = code;
  }
}

/** The commit is refused before any gate runs; the message is for its author. */
export class CommitRefused extends CoordinatorError {
  readonly refusal: FailedCause;

  constructor(code: FailedCause, message: string) {
    super(code, message);
    this.name = 'CommitRefused';
    this.refusal = code;
  }
}
