import { sql } from 'kysely';

import type { Database } from '../db/database.ts';
import { oneOf } from '../db/key-filter.ts';
import { isoTime } from '../issue/iso-time.ts';
import { formatRef } from '../issue/ref.ts';
import { inScope, type Scope } from '../plans/scope.ts';
import type { Amounts } from './spending.ts';

/** Days that figures are of; spending is kept a little longer. */
export const figureDays = 30;
const dayMs = 86_400_000;
/** Maximum of finished claims whose sizes are compared. */
const maxSizes = 200;

/** What a caller may see of the work of agents. */
interface FigureFilter {
  readonly agents: readonly string[];
  readonly scope: Scope;
  /** Undefined: claims of all workers. */
  readonly worker: string | undefined;
  readonly now: number;
}

/** The work of one agent. */
export interface AgentFigures {
  /** Claims that are live. */
  readonly live: number;
  /** Claims of the last 30 days that ended, by how; `withdrawn` is no fault of the agent. */
  readonly ended: Readonly<Record<string, number>>;
  readonly today: Amounts;
  /** Of the last 30 days. */
  readonly month: Amounts;
}

/** Reads the figures of agents. What was spent is that of all repositories, as in the queue. */
export async function readAgentFigures(
  db: Database,
  filter: FigureFilter,
): Promise<ReadonlyMap<string, AgentFigures>> {
  const { agents, now } = filter;
  const live = await claimsOf(db, filter)
    .select(['agent', (eb) => eb.fn.countAll<number>().as('count')])
    .where('ended_at', 'is', null)
    .groupBy('agent')
    .execute();
  const ended = await claimsOf(db, filter)
    .select(['agent', 'outcome', (eb) => eb.fn.countAll<number>().as('count')])
    .where('ended_at', '>=', now - figureDays * dayMs)
    .groupBy(['agent', 'outcome'])
    .execute();
  const today = isoTime(now).slice(0, 10);
  const spent = await db
    .selectFrom('daily_spending')
    .select(['agent', (eb) => eb.fn.sum<number>('tokens').as('tokens')])
    .select((eb) => eb.fn.sum<number>('usd').as('usd'))
    .select(sql<number>`sum(case when day = ${today} then tokens else 0 end)`.as('tokens_today'))
    .select(sql<number>`sum(case when day = ${today} then usd else 0 end)`.as('usd_today'))
    .where('day', '>', isoTime(now - figureDays * dayMs).slice(0, 10))
    .groupBy('agent')
    .execute();
  return new Map(
    agents.map((agent) => {
      const row = spent.find((each) => each.agent === agent);
      const ends = ended.filter((each) => each.agent === agent);
      return [
        agent,
        {
          live: live.find((each) => each.agent === agent)?.count ?? 0,
          ended: Object.fromEntries(ends.map(({ outcome, count }) => [outcome ?? '', count])),
          today: { tokens: row?.tokens_today ?? 0, usd: row?.usd_today ?? 0 },
          month: { tokens: row?.tokens ?? 0, usd: row?.usd ?? 0 },
        },
      ];
    }),
  );
}

/** How large an issue was thought to be, and how large it was, in tokens. */
export interface SizePair {
  readonly issue: string;
  readonly agent: string;
  readonly estimated: number;
  readonly actual: number;
}

/** Estimates of the claims that were completed last, beside what they took, the newest first. */
export async function readSizes(db: Database, filter: FigureFilter): Promise<readonly SizePair[]> {
  const rows = await claimsOf(db, filter)
    .innerJoin('repositories', 'repositories.id', 'claims.repository_id')
    .select(['full_name', 'number', 'agent', 'estimated', 'carried', 'total'])
    // The condition of an index.
    .where(sql<boolean>`outcome = 'completed' and total is not null`)
    .where('estimated', 'is not', null)
    .orderBy('ended_at', 'desc')
    .limit(maxSizes)
    .execute();
  return rows.map(({ full_name: repository, number, agent, estimated, carried, total }) => ({
    ...{ issue: formatRef({ repository, number }), agent },
    ...{ estimated: estimated ?? 0, actual: carried + (total ?? 0) },
  }));
}

function claimsOf(db: Database, { agents, scope, worker }: FigureFilter) {
  const query = db
    .selectFrom('claims')
    .where(oneOf('agent', agents))
    .where(inScope('claims.repository_id', scope));
  return worker === undefined ? query : query.where('worker', '=', worker);
}
