import type { Engine } from '../db/engine.ts';
import { isPostgresUrl } from '../db/location.ts';
import { createPostgresEngine } from '../db/postgres/engine.ts';
import type { IntakeStore } from '../inbox/intake.ts';
import { createIntakeStore } from './intake-store.ts';
import { createPostgresIntake } from './postgres-intake.ts';
import { createSqliteEngine } from './sqlite-engine.ts';

/** The engine of the database that DATABASE_URL names. Nothing is opened yet. */
export function createEngine(parts: Parameters<typeof createSqliteEngine>[0]): Engine {
  const { database } = parts.config;
  return isPostgresUrl(database)
    ? createPostgresEngine({ url: database, log: parts.log })
    : createSqliteEngine(parts);
}

interface IntakeParts {
  readonly database: string;
  /** Set by tests. */
  readonly now: (() => number) | undefined;
  /** Monotonic time since the start. */
  readonly uptimeMs: () => number;
}

/** The edge's side of that database. */
export function createIntake({ database, now, uptimeMs }: IntakeParts): IntakeStore {
  return isPostgresUrl(database)
    ? createPostgresIntake({ url: database, now, uptimeMs })
    : createIntakeStore({ database, now: now ?? Date.now, uptimeMs });
}
