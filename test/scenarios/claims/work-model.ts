/** Failed attempts that park an issue. */
const maxAttempts = 3;
/** Setbacks of one worker within an hour, after which it gets nothing. */
const maxSetbacks = 10;
const hourMs = 3_600_000;
/** Time for which a worker does not get an issue again on which it failed. */
const pauseMs = 600_000;

/** The end of a claim that brought nothing. */
interface Setback {
  readonly worker: string;
  readonly number: number;
  readonly at: number;
  readonly kind: 'failure' | 'block_or_limit' | 'handoff' | 'handoff_again';
}

/** A claim as the model has it. `live` until it is ended, swept or withdrawn, whatever the clock says. */
export interface ModelClaim {
  readonly worker: string;
  readonly token: string;
  readonly number: number;
  readonly agent: string;
  expiresAt: number;
  status: 'live' | 'ended' | 'withdrawn';
}

interface ModelIssue {
  open: boolean;
  assigned: boolean;
  attempts: number;
  parked: 'worker_blocked' | 'failed_attempts' | 'awaiting_verification' | undefined;
  version: number;
}

export const modelAgents = ['sonnet', 'opus'] as const;

/** Every fifth issue waits for the one before it. */
export function blockerOf(number: number): number | undefined {
  return number % 5 === 0 ? number - 1 : undefined;
}

export function agentOf(number: number): string {
  return number % 2 === 0 ? 'opus' : 'sonnet';
}

/** Expected state of issues, claims and slots, computed without the service. */
export class WorkModel {
  readonly issues = new Map<number, ModelIssue>();
  readonly claims = new Map<string, ModelClaim>();
  /** All agents of the model share an account. */
  limitedUntil = -Infinity;
  readonly setbacks: Setback[] = [];
  readonly concurrency: number;
  paused = false;

  constructor(count: number, concurrency: number) {
    this.concurrency = concurrency;
    for (let number = 1; number <= count; number += 1)
      this.issues.set(number, {
        open: true,
        assigned: true,
        attempts: 0,
        parked: undefined,
        version: 0,
      });
  }

  issue(number: number): ModelIssue {
    const issue = this.issues.get(number);
    if (issue === undefined) throw new RangeError(`the model has no issue ${number}`);
    return issue;
  }

  live(): [string, ModelClaim][] {
    return [...this.claims].filter(([, { status }]) => status === 'live');
  }

  holderOf(number: number): [string, ModelClaim] | undefined {
    return this.live().find(([, claim]) => claim.number === number);
  }

  stateOf(number: number, held: ReadonlySet<number>): string {
    const issue = this.issue(number);
    if (!issue.open) return 'done';
    if (!issue.assigned) return 'released';
    if (held.has(number)) return 'in_progress';
    if (issue.parked !== undefined) return 'needs_human';
    const blocker = blockerOf(number);
    return blocker !== undefined && this.issue(blocker).open ? 'blocked' : 'ready';
  }

  held(): ReadonlySet<number> {
    return new Set(this.live().map(([, { number }]) => number));
  }

  /** Has the worker had too many setbacks? */
  isRefused(worker: string, now: number): boolean {
    const bringNothing = this.#recent(worker, now, hourMs).filter(
      ({ kind }) => kind === 'failure' || kind === 'block_or_limit',
    );
    return bringNothing.length >= maxSetbacks;
  }

  #recent(worker: string, now: number, windowMs: number): Setback[] {
    return this.setbacks.filter(
      (setback) => setback.worker === worker && setback.at > now - windowMs && setback.at <= now,
    );
  }

  limit(until: number): void {
    this.limitedUntil = Math.max(this.limitedUntil, until);
  }

  /** Is there work for a worker that can run every agent? */
  hasWork(worker: string, now: number): boolean {
    if (this.paused) return false;
    const live = this.live();
    const held = this.held();
    if (this.limitedUntil > now) return false;
    return modelAgents.some((agent) => {
      if (live.filter(([, claim]) => claim.agent === agent).length >= this.concurrency)
        return false;
      return [...this.issues.keys()].some(
        (number) =>
          agentOf(number) === agent &&
          this.stateOf(number, held) === 'ready' &&
          !this.#justFailed(worker, number, now),
      );
    });
  }

  #justFailed(worker: string, number: number, now: number): boolean {
    const failed = this.issue(number).attempts > 0;
    return this.#recent(worker, now, pauseMs).some(
      (end) =>
        end.number === number &&
        (end.kind === 'handoff_again' || (failed && end.kind === 'failure')),
    );
  }

  setBack({ worker, number }: ModelClaim, at: number, kind: Setback['kind']): void {
    this.setbacks.push({ worker, number, at, kind });
  }

  handOver(claim: ModelClaim, at: number): void {
    const isAgain = this.#recent(claim.worker, at, pauseMs).some(
      ({ number, kind }) => number === claim.number && kind.startsWith('handoff'),
    );
    this.setBack(claim, at, isAgain ? 'handoff_again' : 'handoff');
  }

  fail(claim: ModelClaim, at: number): void {
    this.setBack(claim, at, 'failure');
    const { number } = claim;
    const issue = this.issue(number);
    issue.attempts += 1;
    if (issue.attempts >= maxAttempts) issue.parked = 'failed_attempts';
  }

  sweep(now: number): void {
    for (const [, claim] of this.live()) {
      if (claim.expiresAt > now) continue;
      claim.status = 'ended';
      this.fail(claim, now);
    }
  }

  /** Applies an event that changes openness, assignment or, failing both, the text. */
  tell(number: number, change: { readonly open?: boolean; readonly assigned?: boolean }): void {
    const issue = this.issue(number);
    const { open = issue.open, assigned = issue.assigned } = change;
    const begunAnew = open !== issue.open || assigned !== issue.assigned;
    issue.open = open;
    issue.assigned = assigned;
    issue.version += 1;
    if (begunAnew || (assigned && issue.parked !== 'awaiting_verification')) this.#forget(issue);
    const holder = this.holderOf(number);
    if (holder !== undefined && !(open && assigned)) holder[1].status = 'withdrawn';
  }

  resume(number: number): void {
    const issue = this.issue(number);
    if (issue.parked !== undefined) this.#forget(issue);
  }

  #forget(issue: ModelIssue): void {
    issue.attempts = 0;
    issue.parked = undefined;
  }
}
