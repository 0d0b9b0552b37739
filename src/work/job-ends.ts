import { describeError } from '../errors.ts';
import { CallRefused, LeaseLost } from '../lib/service-calls.ts';
import { leftBefore, type Job } from './job-record.ts';
import type { Step } from './job-step.ts';
import type { JobEnd } from './outcomes.ts';
import { asText } from './prompt.ts';
import type { Handoff } from './service-client.ts';
import type { StopCause } from './session.ts';
import { isFileError, WorkspaceError } from './workspace/workspace-error.ts';

/** Pause of an agent whose limit, key or money is refused without a time. */
export const unknownLimitMs = 60 * 60_000;
/** Wait for the answer to a release when the runner is stopping. */
const lastCallMs = 20_000;
/** Longest last words that become part of a handoff. */
const maxWords = 4_000;

interface Remains {
  readonly reason: string;
  /** Undefined: what was left before is left again, so that nothing of it is lost. */
  readonly handoff?: Handoff | undefined;
  /** Leave nothing: it counts as a failed attempt. */
  readonly asFailure?: boolean;
  readonly limitedUntil?: number | undefined;
  readonly needsOperator?: boolean;
  readonly isFault?: boolean;
}

/** Gives the issue back to the queue. Throws `LeaseLost`; an answer that does not come is noted for the next start. */
export async function handBack(
  {
    claim,
    deps,
    stop,
    abandon,
    spent,
    log,
  }: Pick<Job, 'claim' | 'stop' | 'abandon' | 'spent' | 'log'> & {
    readonly deps: Pick<Job['deps'], 'client'>;
  },
  { reason, limitedUntil, asFailure, ...remains }: Remains,
): Promise<JobEnd> {
  const kept = remains.handoff ?? leftBefore(claim) ?? `No agent got to it: ${reason}`;
  const body = {
    reason,
    spent: spent(),
    ...(asFailure === true ? {} : { handoff: kept }),
    ...(limitedUntil === undefined ? {} : { limitedUntil }),
  };
  const { needsOperator, isFault } = remains;
  const end = {
    message: reason,
    ...(needsOperator === true ? { needsOperator } : {}),
    ...(isFault === true ? { isFault } : {}),
  };
  using last = lastCall(stop, abandon);
  try {
    await deps.client.release(claim, body, last.signal);
    return { kind: 'released', ...end };
  } catch (error) {
    if (error instanceof LeaseLost) throw error;
    const cause = describeError(error);
    if (error instanceof CallRefused) {
      log.error({ cause }, 'the release was refused: the issue goes back when its lease ends');
      return { kind: 'lost', ...end };
    }
    log.error({ cause }, 'the release did not arrive: it is tried again');
    return { kind: 'waits', ...end };
  }
}

/** For a call that is made however long the service is away; a runner that is stopping waits for it only for a while. */
function lastCall(stop: AbortSignal, abandon: AbortSignal) {
  const late = new AbortController();
  const wait = () => setTimeout(() => late.abort(), lastCallMs).unref();
  if (stop.aborted) wait();
  else stop.addEventListener('abort', wait, { once: true });
  return {
    signal: AbortSignal.any([abandon, late.signal]),
    [Symbol.dispose]: () => stop.removeEventListener('abort', wait),
  };
}

/** What the job can say about its work, where the agent has not. */
export function describeWork(
  { claim, checkout, state, text }: Pick<Job, 'claim' | 'checkout' | 'state' | 'text'>,
  {
    reason,
    words,
    head,
    isPushed,
  }: {
    readonly reason: string;
    readonly words: string;
    readonly head: string;
    readonly isPushed: boolean;
  },
): string {
  const place = isPushed
    ? `on the branch ${checkout.branch}`
    : 'on the machine of its runner alone';
  const isStarted = head !== checkout.start;
  // Last: what is too long loses its end.
  const before = asText(state.handoff ?? leftBefore(claim) ?? '');
  return [
    `The session ended: ${reason}`,
    isStarted
      ? `Its work is the commit ${head}, ${place}.`
      : `It has committed nothing beyond ${checkout.start}.`,
    state.refused === undefined ? '' : `The commit ${state.refused} was refused by the gates.`,
    words.trim() === '' ? '' : `Its last words: ${words.trim().slice(-maxWords)}`,
    text?.cut === true ? 'The end of the text of the issue was not known to it.' : '',
    before === '' ? '' : `What was left for it: ${before}`,
  ]
    .filter((line) => line !== '')
    .join('\n\n');
}

export const stopReasons: Readonly<Record<StopCause, string>> = {
  stopped: 'The runner was stopped.',
  lost: 'The claim ended while the agent worked.',
  minutes: 'The time for one issue was over (--max-minutes).',
  tokens: 'The tokens for one issue were used up (--max-tokens).',
  cost: 'The money for one issue was used up (--max-cost).',
};

export interface Left {
  readonly reason: string;
  /** Last words of the agent. */
  readonly words: string;
}

/** Commits and pushes what there is, and gives the issue back. */
export async function giveUp(
  job: Job,
  {
    reason,
    words,
    push = true,
    failsWithoutWork,
    ...more
  }: Left & {
    readonly push?: boolean;
    readonly failsWithoutWork?: boolean;
    readonly limitedUntil?: number;
    readonly needsOperator?: boolean;
    readonly isFault?: boolean;
  },
): Promise<Step> {
  const { head, isPushed } = await save(job, push);
  const written = job.files.readHandoff();
  const isWorkless = head === job.checkout.start && written === undefined && !job.checkout.conflict;
  const handoff = written ?? describeWork(job, { reason, words, head, isPushed });
  // What was left before says more than that nothing was done.
  const keeps = isWorkless && leftBefore(job.claim) !== undefined && job.state.rounds === 0;
  const asFailure = isWorkless && failsWithoutWork === true;
  const remains = { reason, asFailure, ...more, ...(keeps ? {} : { handoff }) };
  return { kind: 'end', end: await handBack(job, remains) };
}

/** Commits what the agent left, and pushes it; what cannot be saved stays in the checkout. */
export async function save(job: Job, push = true): Promise<{ head: string; isPushed: boolean }> {
  const { checkout, log } = job;
  let head = checkout.start;
  try {
    head = await checkout.commitAll(`wip: ${job.claim.issue}`);
    if (!push || head === checkout.base) return { head, isPushed: false };
    job.activity('pushing what there is');
    return { head, isPushed: (await checkout.push()).kind === 'pushed' };
  } catch (error) {
    job.abandon.throwIfAborted();
    if (!(error instanceof WorkspaceError) && !isFileError(error)) throw error;
    log.error({ err: error, checkout: checkout.directory }, 'the work stays on this machine');
    return { head, isPushed: false };
  }
}
