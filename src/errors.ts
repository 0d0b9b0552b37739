/** An error with a code machines can match on; the message is a sentence for people. */
export class CoordinatorError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CoordinatorError';
    this.code = code;
  }
}

/** The environment or the command line is invalid: nothing was started. */
export class ConfigError extends CoordinatorError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = 'ConfigError';
  }
}

/** Why the database cannot be used, in one sentence, and what a person can do, in another. */
export interface StoreFault {
  readonly kind:
    | 'full'
    | 'read_only'
    | 'damaged'
    | 'disk'
    | 'cannot_open'
    | 'busy'
    | 'displaced'
    | 'slow'
    | 'unreachable';
  readonly cause: string;
  readonly cure: string;
}

/** The database cannot be read or written right now; a retry may succeed. */
export class StoreUnavailable extends CoordinatorError {
  /** Undefined when the cause is not one of the store. */
  readonly fault: StoreFault | undefined;

  constructor(why: string | StoreFault, options?: ErrorOptions) {
    super('store_unavailable', typeof why === 'string' ? why : `${why.cause} ${why.cure}`, options);
    this.name = 'StoreUnavailable';
    this.fault = typeof why === 'string' ? undefined : why;
  }
}

/** Gitea or Claude does not answer right now: the work is retried without limit. */
export class TryAgainLater extends CoordinatorError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = 'TryAgainLater';
  }
}

/** Another replica leads now: this one writes nothing more to Gitea. */
export class LeadLost extends CoordinatorError {
  constructor() {
    super('lead_lost', 'Another replica leads now.');
    this.name = 'LeadLost';
  }
}

/** One line about any thrown value, for a log or a stored error; at most `limit` characters. */
export function describeError(error: unknown, limit = 500): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
