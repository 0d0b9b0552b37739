import { setTimeout as sleep } from 'node:timers/promises';

import { describeError, TryAgainLater } from '../errors.ts';
import { CallRefused, LeaseLost } from '../lib/service-calls.ts';
import { giveUp, stopReasons } from './job-ends.ts';
import type { Job } from './job-record.ts';
import { maxReminders, type Reminders, type Step } from './job-step.ts';
import { findingsTask, mergeTask } from './prompt.ts';

/** Verdicts that refuse a commit, after which the issue goes back. The coordinator has a bound of its own. */
const maxRounds = 10;
/** Times that a commit is looked for on the forge, which may show a push late. */
const maxLooks = 4;
const lookAgainMs = 2_000;

/** Pushes what the agent has committed, and calls it done. */
export async function submit(job: Job, reminders: Reminders): Promise<Step> {
  const { checkout, claim, deps } = job;
  job.activity('pushing');
  const pushed = await checkout.push();
  if (pushed.kind === 'conflict') {
    reminders.count += 1;
    if (reminders.count > maxReminders)
      return giveUp(job, { reason: `Others push to ${checkout.branch}.`, words: '' });
    return { kind: 'run', task: mergeTask(checkout.branch), resume: true };
  }
  const { commit } = pushed;
  const work = { commit, branch: checkout.branch, spent: job.spent() };
  for (let looks = 1; ; looks += 1) {
    try {
      const id = await deps.client.complete(claim, work, job.halt);
      const message = `${commit} is on ${checkout.branch}, and a person looks at it.`;
      if (id === undefined) return { kind: 'end', end: { kind: 'awaits_verification', message } };
      await job.note({ verification: { id, commit }, isDone: false });
      return { kind: 'verdict', id, commit };
    } catch (error) {
      if (error instanceof LeaseLost || job.lost.aborted)
        return giveUp(job, { reason: stopReasons.lost, words: '', push: false });
      if (!(error instanceof CallRefused)) throw error;
      if (error.refusal === 'commit_no_change')
        return giveUp(job, { reason: error.message, words: '', failsWithoutWork: true });
      if (error.refusal !== 'commit_not_found' || looks === maxLooks) throw error;
      await sleep(lookAgainMs, undefined, { signal: job.halt });
    }
  }
}

/** Waits for the verdict on a commit; one that is refused goes back to the agent with its findings. */
export async function waitForVerdict(
  job: Job,
  { id, commit }: Extract<Step, { kind: 'verdict' }>,
): Promise<Step> {
  const { deps, state, claim } = job;
  job.activity('waits for the verdict');
  const signal = AbortSignal.any([job.stop, job.lost, job.abandon]);
  let view;
  try {
    view = await deps.client.verdict(id, signal);
  } catch (error) {
    // A release would end the verification: the claim is held for it, and the next start asks again.
    const message = `The verdict on ${commit} comes without the runner.`;
    if (job.stop.aborted) return { kind: 'end', end: { kind: 'waits', message } };
    throw error;
  }
  const { state: verdict, findings } = view;
  const message = view.cause?.message ?? '';
  job.log.info({ verdict, code: view.cause?.code, detail: message }, 'verdict');
  if (verdict === 'passed') return { kind: 'end', end: { kind: 'accepted', message } };
  const rounds = state.rounds + 1;
  await job.note({ rounds, refused: commit, verification: undefined });
  const cause = job.haltCause();
  if (cause !== undefined && verdict !== 'error')
    return giveUp(job, { reason: stopReasons[cause], words: findings });
  // A claim that was refused too often has ended.
  await deps.client.heartbeat(claim, { spent: job.spent() }, job.halt).catch((error: unknown) => {
    if (!(error instanceof TryAgainLater)) throw error;
    job.log.warn({ cause: describeError(error) }, 'no answer to a heartbeat');
  });
  if (verdict === 'error') return giveUp(job, { reason: message, words: '' });
  if (rounds > maxRounds)
    return giveUp(job, { reason: `${rounds} commits were refused.`, words: findings });
  job.files.writeFindings(findings);
  return { kind: 'run', task: findingsTask(findings, rounds), resume: true };
}
