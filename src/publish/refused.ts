import { CoordinatorError } from '../errors.ts';
import type { WriteResult } from '../gitea/replies.ts';

/** Gitea will not have it, now and as long as nobody changes something there. */
export class Refused extends CoordinatorError {
  constructor(code: string, message: string) {
    super(code, message);
    this.name = 'Refused';
  }
}

/** Too many writes to one issue in too short a time. */
export class Storm extends CoordinatorError {
  constructor(message: string) {
    super('too_many_writes', message);
    this.name = 'Storm';
  }
}

/** The value of an answer; throws `Refused` for every other one. */
export function granted<T>(reply: WriteResult<T>, what: string): T {
  if (reply.kind === 'ok') return reply.value;
  if (reply.kind === 'missing') throw new Refused('gitea_missing', `Gitea does not know ${what}.`);
  const message = `Gitea refuses ${what} (${reply.status}): ${reply.message}`;
  throw new Refused(`gitea_refused_${reply.status}`, message);
}
