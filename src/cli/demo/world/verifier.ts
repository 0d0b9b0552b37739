import {
  takeAnswer,
  verificationTokenHeader,
  type Verdict,
  type VerificationJob,
} from '../../../issue/verification.ts';
import type { Api, Reply } from './api.ts';
import type { Dice } from './dice.ts';
import { firstCommit } from './gitea/state.ts';
import type { Outcomes } from './verdict/outcomes.ts';
import { noNetwork, verdictOf } from './verdict/verdict.ts';

/** Names of their tokens. */
export const verifiers = ['verifier-a', 'verifier-b'] as const;

interface VerifierDeps {
  readonly api: Api;
  readonly dice: Dice;
  readonly outcomes: Pick<Outcomes, 'of'>;
  readonly now: () => number;
  /** Usual steps of work in this one. */
  readonly pace: () => number;
}

interface Job extends VerificationJob {
  readonly startedAt: number;
}

/** A verifier that runs no gates: it takes its time, and says what the story wants. */
export function createVerifier({ api, dice, outcomes, now, pace }: VerifierDeps) {
  let job: Job | undefined;
  let left = 0;

  /** Keeps the lease; called more often than `step`. */
  async function beat(): Promise<void> {
    if (job === undefined) return;
    const { status } = await callOn(job, 'heartbeat');
    if (status !== 200) job = undefined;
  }

  async function step(): Promise<void> {
    if (job === undefined) await take();
    else {
      left -= pace();
      if (left <= 0) await judge(job);
    }
  }

  async function take(): Promise<void> {
    const { json } = await api.post('/verifications/take');
    const taken = takeAnswer.safeParse(json).data?.job ?? undefined;
    job = taken && { ...taken, startedAt: now() };
    left = dice.between(2, 5);
  }

  async function judge(ended: Job): Promise<void> {
    job = undefined;
    const { commit, issue: ref, repository, startedAt } = ended;
    // Of an old commit, which a visitor verifies again, nothing is remembered.
    const good = { base: firstCommit(repository), isGood: true, isRepeated: false };
    const planned = outcomes.of(commit) ?? good;
    const run = { ...planned, ref, commit, startedAt, endedAt: now() };
    await callOn(ended, 'verdict', dice.chance(0.05) ? noNetwork : verdictOf(run));
  }

  function callOn(on: Job, what: string, body?: Verdict): Promise<Reply> {
    const headers = { [verificationTokenHeader]: on.token };
    const more = body === undefined ? { headers } : { headers, body };
    return api.post(`/verifications/${on.verificationId}/${what}`, more);
  }

  return { beat, step };
}
