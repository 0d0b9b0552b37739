import { z } from 'zod';

import { monitorStateSchema } from '../claims/monitor-state.ts';
import { spentToday } from '../claims/spending.ts';
import type { Database } from '../db/database.ts';
import type { Labelled } from './metrics.ts';

export type StoreNumbers = Awaited<ReturnType<typeof readStoreNumbers>>;

/** Live claims whose context is looked at. */
const maxClaims = 1_000;

/** How a claim can end. */
const outcomes = ['released', 'blocked', 'completed', 'expired', 'withdrawn'] as const;

/** What the store knows of the present, in a few queries that each read one index or one small table. */
export async function readStoreNumbers(db: Database, now: number) {
  const issues = await db
    .selectFrom('issues')
    .select(['state', (eb) => eb.fn.countAll<number>().as('count')])
    .where('deleted', '=', 0)
    .groupBy('state')
    .execute();
  const live = await db
    .selectFrom('claims')
    .select(['agent', 'context'])
    .where('ended_at', 'is', null)
    .limit(maxClaims)
    .execute();
  const ended = await db
    .selectFrom('claims')
    .select(['agent', 'outcome', (eb) => eb.fn.countAll<number>().as('count')])
    .where('ended_at', 'is not', null)
    .groupBy(['agent', 'outcome'])
    .execute();
  const spent = [...(await spentToday(db, now))];
  return {
    issues: issues.map(({ state, count }) => labelled({ state }, count)),
    claims: countBy(live, ({ agent }) => ({ agent })),
    bands: countBy(live, ({ context }) => ({ band: bandOf(context) })),
    claimsEnded: [...new Set([...live, ...ended].map(({ agent }) => agent))].flatMap((agent) =>
      outcomes.map((outcome) => {
        const found = ended.find((row) => row.agent === agent && row.outcome === outcome);
        // With 0 from the first claim on, so that the first lost lease is a step.
        return labelled({ agent, outcome }, found?.count ?? 0);
      }),
    ),
    spentTokens: spent.map(([agent, { tokens }]) => labelled({ agent }, tokens)),
    spentUsd: spent.map(([agent, { usd }]) => labelled({ agent }, usd)),
  };
}

function labelled(labels: Readonly<Record<string, string>>, value: number): Labelled {
  return { labels, value };
}

function countBy<T>(rows: readonly T[], labelsOf: (row: T) => Record<string, string>): Labelled[] {
  const groups = Map.groupBy(rows, (row) => JSON.stringify(labelsOf(row)));
  return [...groups].map(([key, { length }]) =>
    labelled(labelsSchema.parse(JSON.parse(key)), length),
  );
}

const labelsSchema = z.record(z.string(), z.string());

/** The band of an agent's context, by its last report; `unknown` without one. */
function bandOf(context: string | null): string {
  if (context === null) return 'unknown';
  const { history } = monitorStateSchema.parse(JSON.parse(context));
  return history.at(-1)?.action ?? 'unknown';
}
