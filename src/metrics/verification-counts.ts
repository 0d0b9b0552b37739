import { Counter } from 'prom-client';
import { z } from 'zod';

import type { Database } from '../db/database.ts';
import type { Metrics } from './metrics.ts';

/** Verifications that a scrape reads; the next one goes on from there. As many open ones are waited for. */
const maxRead = 500;
/** Gates that have a name of their own: projects name theirs. */
const maxGates = 50;
/** Verifications whose gates are told with 0 from the start, so that the first failure is a step. */
const newest = 50;

const gatesSchema = z.array(z.object({ gate: z.string(), status: z.string() }));

/**
 * Counts the verifications that end, and their gates, from the first scrape on; the function counts what has ended
 * since the last call. Nothing is read twice: those of before are known by the highest `seq`, those that were open then
 * are asked for by name. All are inserted in decisions, so their order is that of their commits.
 */
export function createVerificationCounts({ registry }: Pick<Metrics, 'registry'>, db: Database) {
  const registers = [registry];
  const ended = new Counter({
    ...{ name: 'mosaic_verifications_ended_total', registers, labelNames: ['outcome'] },
    help: 'Verifications that have ended since the first scrape',
  });
  const gates = new Counter({
    ...{ name: 'mosaic_verification_gates_total', registers, labelNames: ['gate', 'outcome'] },
    help: 'Gates of verifications that have ended since the first scrape',
  });
  const gateNames = new Set<string>();
  let upTo: number | undefined;
  let open: readonly number[] = [];
  let counting: Promise<void> | undefined;

  async function begin(): Promise<void> {
    const stillOpen = await select()
      .where('ended_at', 'is', null)
      .orderBy('seq', 'desc')
      .limit(maxRead)
      .execute();
    // After the open ones: what ends between the two reads is known by the first, what begins by the second.
    const rows = await select().orderBy('seq', 'desc').limit(newest).execute();
    for (const outcome of ['passed', 'failed', 'error']) ended.inc({ outcome }, 0);
    for (const row of rows)
      for (const { gate } of gatesOf(row))
        for (const outcome of ['passed', 'failed']) gates.inc({ gate: nameOf(gate), outcome }, 0);
    const begun = rows.filter(({ ended_at }) => ended_at === null);
    open = [...new Set([...stillOpen, ...begun].map(({ seq }) => seq))];
    upTo = rows[0]?.seq ?? 0;
  }

  function select() {
    return db.selectFrom('verifications').select(['seq', 'state', 'gates', 'ended_at']);
  }

  async function count(): Promise<void> {
    if (upTo === undefined) {
      await begin();
      return;
    }
    const before = open.length === 0 ? [] : await select().where('seq', 'in', open).execute();
    const since = await select().where('seq', '>', upTo).orderBy('seq').limit(maxRead).execute();
    const rows = [...before, ...since];
    upTo = since.at(-1)?.seq ?? upTo;
    open = rows.flatMap(({ seq, ended_at }) => (ended_at === null ? [seq] : [])).slice(-maxRead);
    for (const row of rows) {
      if (row.ended_at === null) continue;
      ended.inc({ outcome: row.state });
      for (const { gate, status } of gatesOf(row))
        gates.inc({ gate: nameOf(gate), outcome: status });
    }
  }

  function nameOf(gate: string): string {
    if (gateNames.size < maxGates) gateNames.add(gate);
    return gateNames.has(gate) ? gate : 'other';
  }

  // Of two scrapes at once the second one waits for the first: each verification counts once.
  return (): Promise<void> => {
    counting ??= count().finally(() => (counting = undefined));
    return counting;
  };
}

function gatesOf({ gates }: { readonly gates: string | null }) {
  // Rows of another version have none that are understood.
  return gates === null ? [] : (gatesSchema.safeParse(JSON.parse(gates)).data ?? []);
}
