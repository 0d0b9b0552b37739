import { CallRefused, LeaseLost } from '../lib/service-calls.ts';
import { describeWork, giveUp, save, stopReasons, unknownLimitMs, type Left } from './job-ends.ts';
import { leftBefore, type Job } from './job-record.ts';
import { maxReminders, type Reminders, type Step } from './job-step.ts';
import { submit, waitForVerdict } from './job-submit.ts';
import { consequenceOf, type JobEnd } from './outcomes.ts';
import {
  composePrompt,
  interruptedTask,
  mergeTask,
  noChangeTask,
  uncommittedTask,
} from './prompt.ts';
import { runSession, type SessionEnd } from './session.ts';
import { isFileError, isUnusable, WorkspaceError } from './workspace/workspace-error.ts';

/** Runs the agent, submits its commit, and sends it back with the findings, until the claim has ended. */
export async function followSteps(job: Job): Promise<JobEnd> {
  const reminders: Reminders = { count: 0, noChange: false, crashed: false };
  let step = firstStep(job);
  while (step.kind !== 'end')
    step = await follow(job, step, reminders).catch((error: unknown) => afterFault(job, error));
  return step.end;
}

async function follow(
  job: Job,
  step: Exclude<Step, { kind: 'end' }>,
  reminders: Reminders,
): Promise<Step> {
  switch (step.kind) {
    case 'run':
      return run(job, step, reminders);
    case 'inspect':
      return inspect(job, false, { reminders, reason: '', words: '' });
    case 'submit':
      return submit(job, reminders);
    case 'verdict':
      reminders.count = 0;
      reminders.noChange = false;
      return waitForVerdict(job, step);
  }
}

/** What there is goes back with a handoff also when a step could not be done. */
function afterFault(job: Job, error: unknown): Promise<Step> {
  job.abandon.throwIfAborted();
  if (error instanceof LeaseLost || job.lost.aborted) throw error;
  const cause = job.haltCause();
  if (cause !== undefined) return giveUp(job, { reason: stopReasons[cause], words: '' });
  const isKnown =
    error instanceof WorkspaceError || error instanceof CallRefused || isFileError(error);
  if (!isKnown) throw error;
  job.log.error({ err: error }, 'the work could not go on');
  const left = { reason: error.message, words: '' };
  // The agent left what cannot be read; all else is a fault of the machine or the network.
  if (isUnusable(error)) return giveUp(job, { ...left, failsWithoutWork: true });
  return giveUp(job, { ...left, push: error instanceof CallRefused, isFault: true });
}

function firstStep({ state, checkout }: Job): Step {
  if (state.verification !== undefined) return { kind: 'verdict', ...state.verification };
  if (state.isDone) return { kind: 'inspect' };
  // The runner was killed.
  if (state.session !== undefined) return { kind: 'run', task: interruptedTask, resume: true };
  const task = checkout.conflict ? mergeTask(checkout.branch) : undefined;
  return { kind: 'run', task };
}

async function run(
  job: Job,
  step: Extract<Step, { kind: 'run' }>,
  reminders: Reminders,
): Promise<Step> {
  const { deps, state } = job;
  const { adapter, uuid } = deps;
  const resume = step.resume === true && adapter.can.resumes && state.session !== undefined;
  const session = resume ? state.session : uuid();
  const prompt = resume && step.task !== undefined ? step.task : await wholePrompt(job, step.task);
  await job.note({ session, isDone: false });
  job.activity(resume ? 'the agent goes on' : 'the agent works');
  const result = await runSession({
    ...{ adapter, runAgent: deps.runAgent, sandbox: deps.sandbox, log: job.log },
    start: {
      ...{ prompt, session, resume, home: job.home, directory: job.checkout.directory },
      ...{ model: deps.modelOf(job.claim.agent), projectSettings: deps.projectSettings },
      ...(deps.limits.costUsd !== undefined && {
        maxCostUsd: Math.max(0, deps.limits.costUsd - (job.spent().costUsd ?? 0)),
      }),
      apiUrl: job.model?.url,
    },
    run: {
      environment: {
        ...job.model?.environment,
        ...job.files.variables,
        MOSAIC_ROUND: `${state.rounds + 1}`,
      },
      inherited: deps.environment,
      readOnly: [job.checkout.objects, ...deps.readOnly],
      ...(job.model && { limitedUntil: job.model.limitedUntil }),
    },
    async mark() {
      const marker = uuid();
      await job.note({ marker });
      return marker;
    },
    ...{ onProgress: job.onProgress, onRotate: job.onRotate },
    ...{ stop: job.halt, stopCause: job.haltCause },
  });
  const { end, cause } = result;
  await job.note({
    ...{ marker: undefined, session: end.session ?? session, spent: job.spent() },
    isDone: cause === 'ended' && consequenceOf(end.outcome) === 'inspect',
  });
  job.log.info({ outcome: end.outcome, cause, detail: end.message }, 'the agent has ended');
  job.onRotate(() => undefined);
  return afterRun(job, result, { resumed: resume, reminders });
}

async function wholePrompt(job: Job, task: string | undefined): Promise<string> {
  const { claim, checkout, state, text, files } = job;
  const instructions = [];
  for (const path of ['AGENTS.md', 'CLAUDE.md']) {
    const words = await checkout.readBase(path);
    if (words !== undefined) instructions.push({ path, text: words });
  }
  const { reason, warnings } = claim.plan;
  return composePrompt({
    ...{ issue: claim.issue, title: text?.title ?? claim.plan.title, url: claim.plan.url, text },
    plan: [reason.text, ...warnings.map((warning) => warning.text)],
    ...{ branch: checkout.branch, baseBranch: checkout.baseBranch, instructions, task },
    hasEarlierWork: state.rounds > 0 || state.rotations > 0 || checkout.start !== checkout.base,
    ...{ conflict: checkout.conflict, kept: checkout.kept },
    handoff: state.handoff ?? leftBefore(claim),
    questionFile: files.questionFile,
  });
}

async function afterRun(
  job: Job,
  { end, cause, handoff }: SessionEnd,
  { resumed, reminders }: { readonly resumed: boolean; readonly reminders: Reminders },
): Promise<Step> {
  const { now } = job.deps;
  if (cause === 'rotated') return rotate(job, handoff, end.text);
  if (cause !== 'ended')
    return giveUp(job, { reason: stopReasons[cause], words: end.text, push: cause !== 'lost' });
  const left = { reason: end.message, words: end.text };
  switch (consequenceOf(end.outcome)) {
    case 'inspect':
      return inspect(job, end.outcome === 'permission_denied', { reminders, ...left });
    case 'rotate':
      return rotate(job, undefined, end.text);
    case 'limit':
      return giveUp(job, { ...left, limitedUntil: end.limitedUntil ?? now() + unknownLimitMs });
    case 'operator': {
      // The session to go on with may be gone; a fresh one needs none.
      if (end.outcome === 'setup_fault' && resumed) return { kind: 'run' };
      const limited = end.outcome !== 'setup_fault' && { limitedUntil: now() + unknownLimitMs };
      return giveUp(job, { ...left, ...limited, needsOperator: true });
    }
    case 'fault':
      return giveUp(job, { ...left, isFault: true });
    case 'again':
      if (!reminders.crashed) {
        reminders.crashed = true;
        return { kind: 'run', task: interruptedTask, resume: true };
      }
      return giveUp(job, { ...left, failsWithoutWork: true });
    case 'hand_back':
      return giveUp(job, { ...left, failsWithoutWork: true });
  }
}

/** The claim goes on with a fresh session. */
async function rotate(job: Job, handoff: string | undefined, words: string): Promise<Step> {
  const { state } = job;
  const { head, isPushed } = await save(job);
  const reason = 'its context was full.';
  const text =
    handoff ?? job.files.readHandoff() ?? describeWork(job, { reason, words, head, isPushed });
  const nth = state.rotations + 1;
  // Should the call not get through, it is part of what is left at the end.
  await job.note({ handoff: text });
  await job.deps.client.rotate(job.claim, { handoff: text, nth, spent: job.spent() }, job.halt);
  await job.note({ rotations: nth, session: undefined, isDone: false });
  return { kind: 'run' };
}

/** The agent says that it is done: its commits tell. */
async function inspect(
  job: Job,
  isDenied: boolean,
  { reminders, reason, words }: Left & { readonly reminders: Reminders },
): Promise<Step> {
  const { claim, checkout, deps, state } = job;
  const question = job.files.readQuestion();
  if (question !== undefined) {
    await save(job);
    const remains = { reason: question, handoff: question, spent: job.spent() };
    await deps.client.block(claim, remains, job.abandon);
    return { kind: 'end', end: { kind: 'blocked', message: question } };
  }
  const found = await checkout.find();
  const mayRemind = deps.adapter.can.resumes && reminders.count < maxReminders;
  if (found.uncommitted.length > 0 && mayRemind && !isDenied) {
    reminders.count += 1;
    return { kind: 'run', task: uncommittedTask(found.uncommitted), resume: true };
  }
  const head =
    found.uncommitted.length === 0
      ? found.head
      : // Without the title: one such as "Closes #7" would close that issue with the merge.
        await checkout.commitAll(`Changes of the agent for #${claim.plan.number}`);
  const isChange = (found.isAhead || head !== found.head) && head !== state.refused;
  if (isChange) return { kind: 'submit' };
  if (isDenied) {
    const why = `The agent changed nothing because it was denied what it needs: set up its runner. ${reason}`;
    await deps.client.block(claim, { reason: why, spent: job.spent() }, job.abandon);
    return { kind: 'end', end: { kind: 'blocked', message: why } };
  }
  if (mayRemind && !reminders.noChange) {
    reminders.noChange = true;
    return { kind: 'run', task: noChangeTask, resume: true };
  }
  const failed = 'The agent said that it was done, and there is no new commit.';
  return giveUp(job, { reason: failed, words, failsWithoutWork: true });
}
