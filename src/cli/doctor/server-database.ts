import { isPostgresUrl, shownLocation } from '../../db/postgres/connections.ts';
import { examineServer, type ServerFacts } from '../../db/postgres/examine.ts';
import type { CheckedDatabase } from './database.ts';
import { broken, ok, resultOf, type CheckResult, type Outcome } from './finding.ts';

/** Oldest version of PostgreSQL that is supported, as a number. */
const oldestVersion = 140_000;

/** Checks a database on a PostgreSQL server; undefined for a file of SQLite. */
export async function checkServerDatabase(
  location: string | undefined,
): Promise<CheckResult<CheckedDatabase> | undefined> {
  if (location === undefined || !isPostgresUrl(location)) return undefined;
  const facts = await examineServer(location);
  return resultOf('database', describe(facts, shownLocation(location)), {
    path: location,
    isCurrent: facts.kind === 'current',
    // Any number of replicas may use it.
    inUse: undefined,
  });
}

function describe(facts: ServerFacts, shown: string): Outcome {
  if (facts.kind === 'down') return broken(`${shown}: ${facts.fault.cause}`, facts.fault.cure);
  const { version, number, encoding, synchronous, fsync } = facts;
  if (number < oldestVersion)
    return broken(`${shown} is on PostgreSQL ${version}.`, 'Use version 14 or newer.');
  if (encoding !== 'UTF8')
    return broken(
      `${shown} has the encoding ${encoding}.`,
      "Create a database with encoding 'UTF8', and let DATABASE_URL name it.",
    );
  const settings = `synchronous_commit ${synchronous}, fsync ${fsync}`;
  if (synchronous === 'off' || fsync === 'off')
    return broken(
      `${shown} can lose acknowledged deliveries: ${settings}.`,
      'Set synchronous_commit and fsync to on for this server.',
    );
  if (facts.kind === 'later')
    return broken(
      `${shown} was written by a newer version of the coordinator.`,
      'Run that version, or restore the backup from before the upgrade.',
    );
  if (facts.kind === 'development')
    return broken(
      `${shown} comes from a development version and cannot be upgraded.`,
      'Let DATABASE_URL name an empty database: with GITEA_TOKEN, the next start rebuilds everything from Gitea.',
    );
  const next =
    facts.kind === 'new'
      ? ' It is empty: the next start creates the tables.'
      : facts.kind === 'earlier'
        ? ' The next start migrates it.'
        : '';
  return ok(`${shown} is on PostgreSQL ${version} (${settings}).${next}`);
}
