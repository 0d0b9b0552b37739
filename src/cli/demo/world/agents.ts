import { z } from 'zod';

import { isoTime } from '../../../issue/iso-time.ts';
import type { Api, Reply } from './api.ts';
import type { Temper } from './backlog.ts';
import type { Dice } from './dice.ts';
import type { Acts } from './gitea/acts.ts';
import { filesOf } from './verdict/source-files.ts';
import type { Outcomes } from './verdict/outcomes.ts';
import { contextWindow, type Worker } from './workers.ts';

/** Tokens in the window of a fresh session. */
const fresh = 12_000;
/** Longest time that the allowance of an agent is used up. */
const limitMs = 15 * 60_000;
/**
 * What issues take, as shares of the figure of the formula: half of them more than that, as many less. The text
 * counts and not the estimate, which follows from what issues took: it would run away from its own tail.
 */
const shares = [0.5, 0.6, 0.75, 0.85, 0.9, 0.95, 1, 1, 1.05, 1.1, 1.2, 1.4, 1.8] as const;
/** What is left of it for an agent that another one hands the issue over to. */
const restShare = 0.4;
/** The same of what is fixed after a failed verification. */
const reworkShare = 0.12;

interface AgentDeps {
  readonly api: Api;
  readonly worker: Worker;
  readonly dice: Dice;
  readonly acts: Pick<Acts, 'push'>;
  readonly outcomes: Outcomes;
  readonly temperOf: (ref: string) => Temper;
  readonly now: () => number;
  /** Usual steps of work in this one. */
  readonly pace: () => number;
}

/** What a worker is at. */
interface Job {
  readonly claimId: string;
  readonly token: string;
  readonly ref: string;
  readonly temper: Temper;
  /** What the text says that the issue takes, in tokens. */
  readonly size: number;
  /** Tokens in the window, tokens read so far, and those after which the work is done. */
  used: number;
  read: number;
  goal: number;
  /** What the claim has cost. */
  tokens: number;
  costUsd: number;
  /** Rounds of verification so far. */
  round: number;
  /** Undefined while the agent works. */
  verification: string | undefined;
}

const claimAnswer = z.object({
  claim: z
    .object({
      ...{ claimId: z.string(), token: z.string(), issue: z.string() },
      handoff: z.unknown().optional(),
      plan: z.object({
        estimate: z.object({ likely: z.number(), formula: z.number().nullable() }),
      }),
    })
    .nullable(),
});
const heartbeatAnswer = z.object({
  context: z.object({ action: z.enum(['continue', 'compact', 'rotate']) }).nullable(),
});
const completeAnswer = z.object({ verification: z.object({ id: z.string() }).optional() });
const verificationAnswer = z.object({ state: z.string() });

export type Agent = ReturnType<typeof createAgent>;

/** One worker with its agent: each step is a minute or so of work, told to the service as a real one does. */
export function createAgent(deps: AgentDeps) {
  const { api, worker, dice, acts, outcomes } = deps;
  let job: Job | undefined;
  let pauseSteps = 0;

  async function step(): Promise<void> {
    if (pauseSteps > 0) pauseSteps -= 1;
    else if (job === undefined) await claim();
    else if (job.verification === undefined) await work(job);
    else await lookAt(job, job.verification);
  }

  async function claim(): Promise<void> {
    const { json } = await api.post('/claims', { body: { agents: worker.agents } });
    // Others have the work, or it is paused.
    const held = claimAnswer.safeParse(json).data?.claim ?? undefined;
    if (held === undefined) return;
    const { issue: ref, claimId, token, plan, handoff } = held;
    const size = plan.estimate.formula ?? plan.estimate.likely;
    const temper = deps.temperOf(ref);
    const part = handoff === undefined ? 1 : restShare;
    job = {
      ...{ claimId, token, ref, temper, size, used: fresh, read: fresh },
      ...{ goal: size * shareOf(temper, dice) * part, tokens: 0, costUsd: 0, round: 0 },
      verification: undefined,
    };
  }

  async function work(at: Job): Promise<void> {
    grow(at);
    const body = { contextUsed: at.used, contextLimit: contextWindow, spent: spentOf(at) };
    const reply = await callOn(at, 'heartbeat', body);
    if (reply.status !== 200) {
      // Withdrawn, or its lease is over: nothing more to do for it.
      job = undefined;
      return;
    }
    const action = heartbeatAnswer.parse(reply.json).context?.action;
    if (action === 'rotate') await rotate(at);
    else if (action === 'compact' && dice.chance(0.3)) at.used = Math.round(at.used * 0.4);
    if (at.read >= at.goal && job !== undefined) await finish(at);
  }

  /** Reads and writes for a minute. */
  function grow(at: Job): void {
    const isGreedy = at.temper === 'greedy';
    const pace = deps.pace();
    const wanted = dice.between(1_500, 3_500) * pace * (isGreedy ? 3 : 1);
    const read = Math.round(Math.min(wanted, Math.max(at.goal - at.read, 500)));
    at.used = Math.min(contextWindow - 1_000, at.used + read);
    at.read += read;
    at.tokens += at.used * dice.between(2, 4) + read;
    at.costUsd = round(at.costUsd + (dice.between(2, 8) / 100 + (isGreedy ? 0.6 : 0)) * pace);
  }

  async function rotate(at: Job): Promise<void> {
    const handoff = { position: `Half of ${at.ref} is written; the tests are next.` };
    const { status } = await callOn(at, 'rotate', { handoff, spent: spentOf(at) });
    if (status === 200) at.used = fresh + dice.between(4_000, 9_000);
    else job = undefined;
  }

  /** The work is done as far as this agent can do it. */
  async function finish(at: Job): Promise<void> {
    const spent = spentOf(at);
    if (at.temper === 'stuck') {
      const reason = dice.pick(questions);
      await callOn(at, 'block', { reason, handoff: { asks: reason }, spent });
      job = undefined;
    } else if (at.temper === 'flaky') {
      await callOn(at, 'release', { reason: 'The agent ended without a result.', spent });
      job = undefined;
    } else await complete(at);
  }

  async function complete(at: Job): Promise<void> {
    const { repository, branch } = placeOf(at.ref);
    const { commit, base } = await acts.push(at.ref, branch, filesOf(repository));
    outcomes.plan(commit, { base, temper: at.temper, round: at.round });
    const handoff = { done: 'Written with tests. Read the module of tides first.' };
    const reply = await callOn(at, 'complete', { commit, branch, handoff, spent: spentOf(at) });
    const { data } = completeAnswer.safeParse(reply.json);
    if (reply.status === 202 && data?.verification !== undefined) {
      at.verification = data.verification.id;
      at.round += 1;
    } else job = undefined;
  }

  /** Looks what has become of its commit. */
  async function lookAt(at: Job, id: string): Promise<void> {
    const { json } = await api.get(`/verifications/${id}`);
    const state = verificationAnswer.safeParse(json).data?.state;
    if (state === 'queued' || state === 'running') return;
    at.verification = undefined;
    if (state === 'failed') at.goal = at.read + at.size * reworkShare;
    else rest();
  }

  /** After its issue the agent rests for a while. */
  function rest(): void {
    job = undefined;
    pauseSteps = dice.between(0, 2);
  }

  /** Gives the issue back with a handoff, because the allowance of its account is used up. */
  async function reachLimit(): Promise<void> {
    if (job?.verification !== undefined || job === undefined) return;
    const limitedUntil = isoTime(deps.now() + limitMs);
    const handoff = { position: 'The module is written, the tests are not.' };
    const reason = 'The five-hour limit of the account is used up.';
    await callOn(job, 'release', { reason, handoff, limitedUntil, spent: spentOf(job) });
    job = undefined;
    pauseSteps = 3;
  }

  function callOn(at: Job, what: string, body: unknown): Promise<Reply> {
    const headers = { 'x-claim-token': at.token };
    return api.post(`/claims/${at.claimId}/${what}`, { headers, body });
  }

  return { name: worker.name, step, reachLimit };
}

const questions = [
  'Is a boat as long as its berth too long? The text does not say.',
  'The survey files need a password that I do not have.',
  'Two tests contradict each other: which one is right?',
] as const;

function placeOf(ref: string) {
  const [repository = '', number = ''] = ref.split('#');
  return { repository, branch: `agent/issue-${number}` };
}

/** Share of its size after which an agent is done with an issue, or gives up. */
function shareOf(temper: Temper, dice: Dice): number {
  if (temper === 'stuck' || temper === 'flaky') return dice.between(4, 6) / 10;
  return temper === 'greedy' ? 4 : dice.pick(shares);
}

function spentOf({ tokens, costUsd }: Job) {
  return { tokens, costUsd };
}

function round(usd: number): number {
  return Math.round(usd * 100) / 100;
}
