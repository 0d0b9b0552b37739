import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';

import { CoordinatorError, describeError } from '../errors.ts';
import { createSchema } from './migrations/001-baseline.ts';
import { isPostgres } from './portable.ts';
import type { Schema } from './schema.ts';
import { addTrust } from './migrations/002-trust.ts';
import { addVerification } from './migrations/003-verification.ts';
import { addAgentsAtWork } from './migrations/004-agents-at-work.ts';
import { addRedChecks } from './migrations/005-red-checks.ts';
import { addMergeEdges } from './migrations/006-merge-edges.ts';
import { addFormerPulls } from './migrations/007-former-pulls.ts';
import { addClaudeHooks } from './migrations/008-claude-hooks.ts';
import { addProposals } from './migrations/009-proposals.ts';
import { addSessions } from './migrations/010-sessions.ts';
import { addNotifications } from './migrations/011-notifications.ts';
import { addEndedClaims } from './migrations/012-ended-claims.ts';
import { addOwnTimes } from './migrations/013-own-times.ts';

type Migrations = Readonly<Record<string, Migration>>;

/** By name, in order. */
export const migrations: Migrations = {
  '001-baseline': { up: createSchema },
  '002-trust': { up: addTrust },
  '003-verification': { up: addVerification },
  '004-agents-at-work': { up: addAgentsAtWork },
  '005-red-checks': { up: addRedChecks },
  '006-merge-edges': { up: addMergeEdges },
  '007-former-pulls': { up: addFormerPulls },
  '008-claude-hooks': { up: addClaudeHooks },
  '009-proposals': { up: addProposals },
  '010-sessions': { up: addSessions },
  '011-notifications': { up: addNotifications },
  '012-ended-claims': { up: addEndedClaims },
  '013-own-times': { up: addOwnTimes },
};

/** First migration of the development versions, which the baseline replaced. */
const developmentMigration = '001-service';

/** True for the executed migrations of a database that a version before the first release made. */
function isDevelopmentVersion(executed: readonly string[]): boolean {
  return executed.includes(developmentMigration);
}

/** Which version of the coordinator a database is of, as seen from this one, by the migrations executed on it. */
export function versionOf(
  executed: readonly string[],
): 'current' | 'earlier' | 'later' | 'development' {
  if (isDevelopmentVersion(executed)) return 'development';
  const known = Object.keys(migrations);
  if (executed.some((name) => !known.includes(name))) return 'later';
  return executed.length === known.length ? 'current' : 'earlier';
}

/**
 * Brings the schema up to date, everything in one transaction, one process at a time (Kysely takes a lock). Throws
 * `development_database`, `database_newer`, or `migration_failed` with the database as it was. `all`: for tests of
 * the next migration.
 */
export async function migrate(db: Kysely<Schema>, all: Migrations = migrations): Promise<void> {
  const { error } = await refuseDevelopmentVersion(db)
    .then(() => refuseNewer(db, all))
    .then(() => migratorFor(db, all).migrateToLatest())
    .catch((cause: unknown) => ({ error: cause }));
  if (error === undefined) return;
  if (error instanceof CoordinatorError) throw error;
  const message = `The database could not be brought up to date; it was left as it was. ${describeError(error)}`;
  throw new CoordinatorError('migration_failed', message, { cause: error });
}

/** Each migration of a newer version is one that this version does not know. */
async function refuseNewer(db: Kysely<Schema>, all: Migrations): Promise<void> {
  const newer = (await executedMigrations(db)).filter((name) => all[name] === undefined);
  if (newer.length === 0) return;
  const message = `A newer version has brought the database to ${newer.sort().at(-1) ?? ''}, which this one does not know. Start that version, or restore a backup from before.`;
  throw new CoordinatorError('database_newer', message);
}

/** True when the database has the schema of this version, no older or newer one. Throws `development_database`. */
export async function isMigrated(db: Kysely<Schema>): Promise<boolean> {
  await refuseDevelopmentVersion(db);
  return versionOf(await executedMigrations(db)) === 'current';
}

async function refuseDevelopmentVersion(db: Kysely<Schema>): Promise<void> {
  if (!isDevelopmentVersion(await executedMigrations(db))) return;
  const message =
    'The database comes from a development version and cannot be upgraded: move the file that DATABASE_URL names away, and with GITEA_TOKEN the next start rebuilds everything from Gitea.';
  throw new CoordinatorError('development_database', message);
}

/** Names of the migrations that were executed on a database; none on an empty one. */
export async function executedMigrations(db: Kysely<Schema>): Promise<string[]> {
  const migrated = await (
    isPostgres(db)
      ? sql`select 1 where to_regclass('kysely_migration') is not null`
      : sql`select 1 from sqlite_schema where name = 'kysely_migration'`
  ).execute(db);
  if (migrated.rows.length === 0) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return rows.map(({ name }) => name);
}

function migratorFor(db: Kysely<Schema>, all: Migrations): Migrator {
  return new Migrator({ db, provider: { getMigrations: () => Promise.resolve(all) } });
}
