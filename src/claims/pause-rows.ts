import { sql } from 'kysely';

import { isoTime } from '../issue/iso-time.ts';
import type { Database } from '../db/database.ts';

/** A pause in force: nothing is handed out. */
export interface Pause {
  /** Name of the agent; null for the whole service. */
  readonly agent: string | null;
  readonly source: 'person' | 'limit';
  readonly reason: string;
  readonly pausedBy: string;
  readonly pausedAt: string;
  /** Null until it is resumed. */
  readonly until: string | null;
}

export interface NewPause {
  readonly agent: string | null;
  readonly source: Pause['source'];
  readonly reason: string;
  readonly pausedBy: string;
  readonly until: number | null;
  readonly now: number;
}

/** Adds a pause in one statement. Of two limits of an agent the later end counts; a person's pause stays beside them. */
export async function addPause(db: Database, pause: NewPause): Promise<void> {
  await sql`insert into pauses (agent, source, reason, paused_by, paused_at, until)
    values (${pause.agent}, ${pause.source}, ${pause.reason}, ${pause.pausedBy}, ${pause.now},
      ${pause.until})
    on conflict do update set reason = excluded.reason,
      paused_by = excluded.paused_by, paused_at = excluded.paused_at,
      until = case when excluded.source = 'limit' and pauses.until > excluded.until
        then pauses.until else excluded.until end`.execute(db);
}

/** Ends the pauses of an agent or of the service, whoever made them; returns their number. */
export async function endPauses(db: Database, agent: string | null): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('pauses')
    .where('agent', 'is', agent)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Lists the pauses in force, the whole service first. */
export async function listPauses(db: Database, now: number): Promise<Pause[]> {
  const rows = await db
    .selectFrom('pauses')
    .selectAll()
    .where((eb) => eb.or([eb('until', 'is', null), eb('until', '>', now)]))
    .orderBy('agent')
    .orderBy('source')
    .execute();
  return rows.map((row) => ({
    agent: row.agent,
    source: row.source,
    reason: row.reason,
    pausedBy: row.paused_by,
    pausedAt: isoTime(row.paused_at),
    until: row.until === null ? null : isoTime(row.until),
  }));
}
