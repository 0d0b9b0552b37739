import { pausesFor } from '../../../api/pauses.ts';
import { workerOf, type Caller } from '../../../api/roles.ts';
import { listAtWork, wasEverClaimed } from '../../../claims/at-work.ts';
import { dayStart, listDayWork } from '../../../claims/day-work.ts';
import { viewDay } from '../../../claims/spending.ts';
import { listFailedGroups } from '../../../inbox/failed-groups.ts';
import type { StateReason } from '../../../issue/reasons.ts';
import type { State } from '../../../issue/state.ts';
import {
  countLines,
  listIssueLines,
  listRepositoryNames,
  type LineFilter,
} from '../../../plans/issue-lines.ts';
import { countVerdicts } from '../../../verification/day-verdicts.ts';
import { filterOf, type Choice } from '../../filter.ts';
import type { WebDeps } from '../../web.ts';
import { readShownLines } from '../../shown-lines.ts';

/** Issues shown of each kind; what waits for a person gets more room. */
const shown = { waiting: 10, inReview: 6, atWork: 12, queue: 12, found: 12, repositories: 200 };
/** Age up to which a delivery that was not understood waits for somebody. */
const rejectedMs = 86_400_000;

/** States that only a person ends. */
const waitingStates = ['needs_human', 'oversized'] as const satisfies readonly State[];
/** Reasons why a blocked issue goes on only when a person does something. */
const stuckReasons = [
  ...(['cycle', 'no_access', 'unreadable', 'hidden_blocker', 'unknown_blockers'] as const),
] satisfies readonly StateReason['code'][];

export type Overview = Awaited<ReturnType<typeof readOverview>>;

/** All that the overview shows to one caller, in a number of queries that does not grow. */
export async function readOverview(deps: WebDeps, caller: Caller, choice: Choice) {
  const { db } = deps.store;
  const now = deps.now();
  const { filter, search } = await filterOf(deps, caller, choice);
  const { scope, repositoryId, agent } = filter;
  const lines = async (more: Omit<Parameters<typeof listIssueLines>[1], keyof LineFilter>) =>
    (await listIssueLines(db, { ...filter, ...more })).items;
  const counts = await countLines(db, filter);
  const countOf = (...wanted: readonly State[]) => {
    const counted = counts.filter(({ state }) => wanted.some((one) => one === state));
    return counted.reduce((sum, { count }) => sum + count, 0);
  };
  const stuck = counts.filter(
    ({ state, reason }) => state === 'blocked' && stuckReasons.some((code) => code === reason),
  );
  const profiles = deps.agents.filter(
    ({ name }) => caller.agents?.includes(name) !== false && (agent ?? name) === name,
  );
  const found = search && (await lines({ search, order: 'newest', limit: shown.found }));
  const waiting = await lines({ states: waitingStates, order: 'oldest', limit: shown.waiting });
  const inReview = await lines({ states: ['in_review'], order: 'oldest', limit: shown.inReview });
  const examples = await Promise.all(
    stuck.map(async ({ reason, count }) => {
      const reasons = stuckReasons.filter((code) => code === reason);
      const [line] = await lines({ states: ['blocked'], reasons, order: 'oldest', limit: 1 });
      return { count, line };
    }),
  );
  const ready = await lines({ states: ['ready'], order: 'queue', limit: shown.queue });
  const blocked = await lines({
    ...{ states: ['blocked', 'received'], order: 'newest', limit: shown.queue },
  });
  const say = await readShownLines(deps, caller, [...(found ?? []), ...ready, ...blocked]);
  return {
    now,
    giteaUrl: deps.store.giteaUrl,
    thresholds: deps.thresholds,
    caller,
    choice,
    countOf,
    health: await deps.health(),
    repositories: await listRepositoryNames(db, { scope, limit: shown.repositories }),
    agents: deps.agents.map(({ name }) => name).filter((name) => maySeeAgent(caller, name)),
    isAgentEnabled: deps.agents.some(({ enabled }) => enabled),
    found: found?.map(say),
    waiting: waiting.map(say),
    inReview: inReview.map(say),
    stuck: examples.map(({ count, line }) => ({ count, example: line && say(line) })),
    pauses: await readPauses(deps, caller),
    deliveries: caller.role === 'operator' ? await listFailedGroups(db, now - rejectedMs) : [],
    atWork: (
      await listAtWork(db, {
        worker: workerOf(caller),
        ...{ scope, repositoryId, agent, now, limit: shown.atWork },
      })
    ).filter((work) => maySeeAgent(caller, work.agent)),
    ready: ready.map(say),
    wasEverClaimed: await wasEverClaimed(db),
    blocked: blocked.map(say),
    work: (await listDayWork(db, { scope, repositoryId, now })).filter(
      (work) => (agent ?? work.agent) === work.agent && maySeeAgent(caller, work.agent),
    ),
    verdicts: await countVerdicts(db, { scope, repositoryId, since: dayStart(now) }),
    spending: await viewDay(db, now, profiles),
  };
}

function maySeeAgent({ agents }: Caller, name: string): boolean {
  return agents?.includes(name) !== false;
}

async function readPauses({ pauses, agents }: WebDeps, caller: Caller) {
  return (await pausesFor(pauses, caller)).map((pause) => ({
    ...pause,
    account: agents.find((profile) => profile.name === pause.agent)?.account,
  }));
}
