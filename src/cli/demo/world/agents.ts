import { z } from 'zod';

import { isoTime } from '../../../issue/iso-time.ts';
import type { Temper } from './backlog.ts';
import { get, post, type ApiCaller, type Reply } from './calls.ts';
import type { Dice } from './dice.ts';
import type { Acts } from './gitea/acts.ts';
import type { Outcomes } from './verifier.ts';

/** A worker, and the agents that it runs. */
export interface Worker {
  readonly name: string;
  readonly agents: readonly string[];
}

export const workers: readonly Worker[] = [
  { name: 'desk-1', agents: ['opus'] },
  { name: 'desk-2', agents: ['sonnet'] },
  { name: 'rack-1', agents: ['sonnet', 'haiku'] },
  { name: 'rack-2', agents: ['sonnet', 'haiku', 'opus'] },
  { name: 'rack-3', agents: ['haiku', 'sonnet'] },
  { name: 'night', agents: ['haiku', 'sonnet', 'opus'] },
];

/** Size of the context window of every agent of the world, in tokens. */
export const contextWindow = 200_000;
/** Tokens in the window of a fresh session. */
const harness = 20_000;
/** Longest time that the allowance of an agent is used up. */
const limitMs = 25 * 60_000;

interface AgentDeps {
  readonly caller: ApiCaller;
  readonly worker: Worker;
  readonly dice: Dice;
  readonly acts: Acts;
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
  /** Tokens in the window, and what the claim has cost. */
  used: number;
  tokens: number;
  costUsd: number;
  /** Steps until the work is done. */
  left: number;
  /** Rounds of verification so far. */
  round: number;
  /** Undefined while the agent works. */
  verification: string | undefined;
}

const claimAnswer = z.object({
  claim: z.object({ claimId: z.string(), token: z.string(), issue: z.string() }).nullable(),
});
const heartbeatAnswer = z.object({
  context: z.object({ action: z.enum(['continue', 'compact', 'rotate']) }).nullable(),
});
const completeAnswer = z.object({ verification: z.object({ id: z.string() }).optional() });
const verificationAnswer = z.object({ state: z.string() });

export type Agent = ReturnType<typeof createAgent>;

/** One worker with its agent: each step is a minute or so of work, told to the service as a real one does. */
export function createAgent(deps: AgentDeps) {
  const { caller, worker, dice, acts, outcomes } = deps;
  let job: Job | undefined;
  let pauseSteps = 0;

  async function step(): Promise<void> {
    if (pauseSteps > 0) pauseSteps -= 1;
    else if (job === undefined) await claim();
    else if (job.verification === undefined) await work(job);
    else await lookAt(job, job.verification);
  }

  async function claim(): Promise<void> {
    const { json, status } = await post(caller, '/claims', { body: { agents: worker.agents } });
    if (status !== 201) {
      // Others have the work, or it is paused: asking each minute would be no better.
      pauseSteps = 1;
      return;
    }
    const { claim: held } = claimAnswer.parse(json);
    if (held === null) return;
    const { issue: ref, ...ids } = held;
    const temper = deps.temperOf(ref);
    job = {
      ...{ ...ids, ref, temper, used: harness, tokens: 0, costUsd: 0 },
      ...{ left: stepsOf(temper, dice), round: 0, verification: undefined },
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
    at.left -= deps.pace();
    if (at.left <= 0 && job !== undefined) await finish(at);
  }

  /** Reads and writes for a minute. */
  function grow(at: Job): void {
    const isGreedy = at.temper === 'greedy';
    const pace = deps.pace();
    const read = dice.between(5_000, 16_000) * pace;
    at.used = Math.min(contextWindow - 1_000, at.used + read);
    at.tokens += at.used * dice.between(2, 4) + read;
    at.costUsd = round(at.costUsd + (dice.between(6, 22) / 100 + (isGreedy ? 0.9 : 0)) * pace);
  }

  async function rotate(at: Job): Promise<void> {
    const handoff = { position: `Half of ${at.ref} is written; the tests are next.` };
    const { status } = await callOn(at, 'rotate', { handoff, spent: spentOf(at) });
    if (status === 200) at.used = harness + dice.between(4_000, 9_000);
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
    const branch = `agent/issue-${at.ref.slice(at.ref.indexOf('#') + 1)}`;
    const commit = await acts.push(at.ref, branch, ['src/harbor.ts', 'test/harbor.test.ts']);
    outcomes.plan(commit, at.temper, at.round);
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
    const { json } = await get(caller, `/verifications/${id}`);
    const { data } = verificationAnswer.safeParse(json);
    if (data?.state === 'queued' || data?.state === 'running') return;
    at.verification = undefined;
    if (data?.state === 'failed') at.left = dice.between(3, 6);
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
    return post(caller, `/claims/${at.claimId}/${what}`, { headers, body });
  }

  return { name: worker.name, step, reachLimit };
}

const questions = [
  'Is a boat as long as its berth too long? The text does not say.',
  'The survey files need a password that I do not have.',
  'Two tests contradict each other: which one is right?',
] as const;

function stepsOf(temper: Temper, dice: Dice): number {
  if (temper === 'stuck' || temper === 'flaky') return dice.between(3, 5);
  return temper === 'greedy' ? 40 : dice.between(7, 22);
}

function spentOf({ tokens, costUsd }: Job) {
  return { tokens, costUsd };
}

function round(usd: number): number {
  return Math.round(usd * 100) / 100;
}
