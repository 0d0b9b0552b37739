import { createWriteCheck, nameOfSynchronous } from '../db/health.ts';
import { quickCheck } from '../db/sqlite/quick-check.ts';
import { createSpool } from '../db/spool/spool.ts';
import { spoolPath } from '../db/spool/file.ts';
import { spooledColumns } from '../db/spool/columns.ts';
import { createStoreGuard } from '../db/sqlite/store-guard.ts';
import { isStored } from '../inbox/delivery-views.ts';
import type { NewDelivery } from '../db/delivery-rows.ts';
import type { IntakeStore } from '../inbox/intake.ts';
import { provenTime } from '../inbox/maintenance.ts';
import { isNamedBlocker } from '../plans/blockers.ts';
import { findLabels, labelsOfEvent } from '../plans/stored-facts.ts';
import { isOurPull } from '../verification/pull-rows.ts';

interface IntakeStoreOptions {
  readonly database: string;
  readonly now: () => number;
  /** Monotonic time since the start. */
  readonly uptimeMs: () => number;
}

/** The edge's side of an SQLite store: deliveries go to the spool, and the database is only read. */
export function createIntakeStore({ database, now, uptimeMs }: IntakeStoreOptions): IntakeStore {
  const path = spoolPath(database);
  const guard = createStoreGuard({ path, quickCheck, now });
  const spool = createSpool({ spool: path, database, guard });
  const db = spool.readDatabase;
  return {
    open: spool.open,
    close: spool.close,
    insert: async (rows) => {
      const inserted = await spool.insert(rows.map(spooled));
      return new Set(inserted.flatMap((position) => rows[position]?.id ?? []));
    },
    isStored: async (bodyHash) => (await spool.holds(bodyHash)) || (await isStored(db, bodyHash)),
    labelsOf: async (issue) => {
      // In this order: what is taken in meanwhile is seen in one of them.
      const newest = await spool.newestEvent(issue.repositoryId, issue.number);
      const known = await findLabels(db, issue);
      if (known === undefined || newest === undefined) return known;
      return { ...known, labels: labelsOfEvent(newest) };
    },
    isNamedBlocker: (issue) => isNamedBlocker(db, issue),
    isOurPull: (hint) => isOurPull(db, hint),
    provenTime: () => provenTime({ db, now, uptimeMs }),
    forget: spool.forget,
    check: createWriteCheck({ probe: async () => nameOfSynchronous(await spool.probe()), guard }),
  };
}

function spooled(row: NewDelivery) {
  return spooledColumns.map((column) => row[column]);
}
