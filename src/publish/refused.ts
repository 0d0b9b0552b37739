import { CoordinatorError } from '../errors.ts';
import type { WriteResult } from '../gitea/replies.ts';

/** Gitea refuses a write, and will until somebody changes something there. */
export class Refused extends CoordinatorError {
  constructor(code: string, message: string) {
    super(code, message);
    this.name = 'Refused';
  }
}

/** Too many writes to one issue within a short time. */
export class Storm extends CoordinatorError {
  constructor(message: string) {
    super('too_many_writes', message);
    this.name = 'Storm';
  }
}

/** The value of a result; throws `Refused` when there is none. */
export function granted<T>(reply: WriteResult<T>, subject: string): T {
  if (reply.kind === 'ok') return reply.value;
  if (reply.kind === 'missing')
    throw new Refused('gitea_missing', `Gitea does not know ${subject}.`);
  const message = `Gitea refuses ${subject} (${reply.status}): ${reply.message}`;
  throw new Refused(`gitea_refused_${reply.status}`, message);
}
