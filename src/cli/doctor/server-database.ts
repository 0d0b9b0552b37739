import { isPostgresUrl, shownLocation } from '../../db/location.ts';
import { examineServer, type ServerFacts } from '../../db/postgres/examine.ts';
import type { CheckedDatabase } from './database.ts';
import { broken, ok, resultOf, type CheckResult, type Outcome } from './finding.ts';

/** Checks a database on a PostgreSQL server; undefined for a file of SQLite. */
export async function checkServerDatabase(
  location: string | undefined,
): Promise<CheckResult<CheckedDatabase> | undefined> {
  if (location === undefined || !isPostgresUrl(location)) return undefined;
  const facts = await examineServer(location);
  return resultOf('database', describeServer(facts, shownLocation(location)), {
    path: location,
    isCurrent: facts.kind === 'current',
    // Any number of replicas may use it.
    inUse: undefined,
  });
}

/** What the facts mean for whoever runs the service. */
export function describeServer(facts: ServerFacts, shown: string): Outcome {
  if (facts.kind === 'unusable') return broken(`${shown}: ${facts.fault.cause}`, facts.fault.cure);
  const { version, synchronous, fsync } = facts;
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
