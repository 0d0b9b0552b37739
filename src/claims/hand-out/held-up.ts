import type { CodedSentence } from '../../issue/coded.ts';
import { isoTime } from '../../issue/iso-time.ts';
import type { PlanView } from '../../issue/plan.ts';
import { keyOf, type IssueKey } from '../../issue/ref.ts';
import { amount } from '../../issue/spending.ts';
import type { Asks } from './asks.ts';
import type { Pause } from '../pauses.ts';
import type { ClaimsState } from '../state.ts';
import { listJustFailed, obstacleOf, readSupply, type Obstacle } from './supply.ts';

/*
 * Why an issue that is ready is not handed out: by the rules that hand out, which say of an agent what no state of an
 * issue does.
 */

/** A ready issue. */
export interface ReadyKey extends IssueKey {
  readonly repository: string;
  readonly agent: string;
}

/** Why a ready issue is not handed out now; null: the next worker that asks gets it. */
export type HeldUpOf = (issue: ReadyKey) => CodedSentence | null;

/** The same of a plan, which may not be ready. */
export function heldUpPlan(heldUp: HeldUpOf, plan: PlanView): CodedSentence | null {
  const { ref, repositoryId, number, assignment } = plan;
  const agent = assignment?.agent ?? null;
  if (plan.state !== 'ready' || agent === null) return null;
  return heldUp({ repository: ref.slice(0, ref.lastIndexOf('#')), repositoryId, number, agent });
}

interface HeldUpDeps extends Pick<ClaimsState, 'db' | 'profiles' | 'now'> {
  /** Undefined: who asks is not known here, as in a command beside the service. */
  readonly asks: Asks | undefined;
}

/** Who is told. */
export interface Viewer {
  /** A worker, which hears nothing of others; undefined: anybody else. */
  readonly worker?: string | undefined;
  /** The agents that he is told of; undefined: all. */
  readonly agents?: readonly string[] | undefined;
}

/** Time without a call for work after which nobody seems to ask: a free worker asks again within a minute or two. */
const quietMs = 300_000;

/** Reads what keeps ready issues from being handed out, in a number of queries that does not grow with them. */
export async function readHeldUp(deps: HeldUpDeps, viewer: Viewer = {}): Promise<HeldUpOf> {
  const { worker, agents } = viewer;
  const { db, asks } = deps;
  const now = deps.now();
  const supply = await readSupply(deps, {});
  const ofAll = supply.pauses.filter(({ caller }) => caller === null || caller === worker);
  const failed = await listJustFailed(db, now);
  const liveClaims = [...supply.liveClaims.values()].reduce((sum, count) => sum + count, 0);
  return (issue) => {
    const told = sentenceOf(issue);
    return told === null || agents?.includes(issue.agent) !== false
      ? told
      : { code: told.code, text: 'Ready, but not handed out now, for a reason of its agent.' };
  };

  function sentenceOf(issue: ReadyKey): CodedSentence | null {
    const { agent } = issue;
    const obstacle = obstacleOf(agent, { ...supply, pauses: ofAll });
    if (obstacle !== undefined)
      return { code: obstacle.code, text: `Ready, but ${obstacleText(obstacle, agent, now)}` };
    const setback = failed.find(
      (one) => keyOf(one) === keyOf(issue) && (worker ?? one.worker) === one.worker,
    );
    if (setback !== undefined)
      return {
        code: 'just_failed',
        text: `Ready, but ${setback.worker} has just failed on it, and gets it again at ${clockTime(setback.until, now)}. Another worker gets it at once.`,
      };
    const limit = supply.pauses.find((pause) => pause.agent === agent && pause.caller !== null);
    if (limit !== undefined && worker === undefined)
      return {
        code: 'limit_of_worker',
        text: `Ready, but not for ${limit.caller ?? ''}${untilText(limit, now)}. ${limit.reason} Another worker that runs ${agent} gets it at once.`,
      };
    return asks === undefined ? null : quiet({ asks, issue, now, worker, liveClaims });
  }
}

function obstacleText(obstacle: Obstacle, agent: string, now: number): string {
  switch (obstacle.code) {
    case 'paused':
      return pauseText(obstacle.pause, now);
    case 'other_agent':
      return `${agent} is not enabled any more: the plan is made again at the next start, or when the issue changes.`;
    case 'day_budget': {
      const { unit, spent, budget } = obstacle;
      return `${agent} has used up its budget of the day: ${amount(unit, spent)} of ${amount(unit, budget)}. It goes on tomorrow (UTC), or when the budget is raised.`;
    }
    case 'no_free_slot': {
      const { live, concurrency } = obstacle;
      return `${agent} works on ${live} of ${concurrency} already: it is next when one of them ends.`;
    }
  }
}

function pauseText(pause: Pause, now: number): string {
  const { agent, source, reason, pausedBy, pausedAt } = pause;
  if (source === 'limit')
    return `${agent ?? 'everything'} has to wait${untilText(pause, now)}. ${reason}`;
  const since = clockTime(Date.parse(pausedAt), now);
  const what = agent ?? 'handing out';
  return `${what} is paused since ${since}${untilText(pause, now)}, by ${pausedBy}: ${reason}`;
}

function untilText({ until }: Pause, now: number): string {
  return until === null ? '' : ` until ${clockTime(Date.parse(until), now)}`;
}

interface Question {
  readonly asks: Asks;
  readonly issue: ReadyKey;
  readonly now: number;
  readonly worker: string | undefined;
  readonly liveClaims: number;
}

/** Nothing is in the way, but nobody comes for it. */
function quiet({ asks, issue, now, worker, liveClaims }: Question): CodedSentence | null {
  const { agent } = issue;
  const last = asks.latestFor(issue, quietMs);
  if (last?.waiting === 0 && last.refusal !== undefined && now - last.at < quietMs) {
    const isTold = (worker ?? last.worker) === last.worker;
    const why = isTold ? last.refusal.message : 'It has to wait.';
    return { code: 'worker_refused', text: `Ready, but who asks for it is turned away. ${why}` };
  }
  if ((last?.waiting ?? 0) > 0) return null;
  const since = last?.at ?? asks.startedAt;
  if (now - since < quietMs) return null;
  const when =
    last === undefined ? `the service started at ${clockTime(since, now)}` : clockTime(since, now);
  const next =
    liveClaims > 0
      ? 'Those at work ask again when they are done.'
      : 'Start one, or look at its log.';
  return {
    code: 'nobody_asks',
    text: `Ready, but no worker that may have it as ${agent} has asked for work since ${when}. ${next}`,
  };
}

/** `18:01 (UTC)`, with the date where it is another day. */
function clockTime(time: number, now: number): string {
  const text = isoTime(time);
  const isToday = text.slice(0, 10) === isoTime(now).slice(0, 10);
  return `${isToday ? text.slice(11, 16) : text.slice(0, 16).replace('T', ' ')} (UTC)`;
}
