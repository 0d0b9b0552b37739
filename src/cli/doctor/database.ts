import type { ExaminedConfig } from '../../config.ts';
import { examineDatabase, type DatabaseFacts } from '../../db/examine.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';

/** The database, as later checks need it. */
export interface CheckedDatabase {
  readonly path: string;
  /** It has today's schema, so its rows can be read. */
  readonly isCurrent: boolean;
  /** A service uses it; undefined when that could not be checked. */
  readonly inUse: boolean | undefined;
}

export function checkDatabase({ databasePath }: ExaminedConfig): CheckResult<CheckedDatabase> {
  const name = 'database';
  if (databasePath === undefined) {
    const text = 'DATABASE_URL is invalid; see configuration.';
    return { findings: [{ name, mark: 'skipped', text }], value: undefined };
  }
  const facts = examineDatabase(databasePath);
  return {
    findings: [{ name, ...describe(facts, databasePath) }],
    value: { path: databasePath, isCurrent: facts.kind === 'current', inUse: inUseOf(facts) },
  };
}

function inUseOf(facts: DatabaseFacts): boolean | undefined {
  if (facts.kind === 'new') return false;
  return 'held' in facts ? facts.held : undefined;
}

function describe(facts: DatabaseFacts, path: string): Omit<DoctorFinding, 'name'> {
  switch (facts.kind) {
    case 'new':
      return {
        mark: 'ok',
        text: `${path} does not exist yet; the service creates it at its first start.`,
      };
    case 'unwritable':
      return {
        mark: 'broken',
        text: `${path} is not writable (${facts.reason}).`,
        cure: 'Give the user of the service write access to the file and its folder, free some disk space, or correct DATABASE_URL.',
      };
    case 'unreadable':
      return {
        mark: 'broken',
        text: `${path} is not readable (${facts.reason}).`,
        cure: 'Stop the service, check the disk, and restore a backup. Without a backup, move the file away: the service rebuilds its database from Gitea.',
      };
    case 'foreign':
      return {
        mark: 'broken',
        text: `${path} is not a database of the coordinator.`,
        cure: 'Correct DATABASE_URL, or move that file away.',
      };
    case 'later':
      return {
        mark: 'broken',
        text: `${path} was written by a newer version of the coordinator.`,
        cure: 'Run that version, or restore the backup from before the upgrade.',
      };
    case 'development':
      return {
        mark: 'broken',
        text: `${path} comes from a development version and cannot be upgraded.`,
        cure: 'Move the file away: with GITEA_TOKEN, the next start rebuilds everything from Gitea.',
      };
    case 'earlier':
    case 'current':
      return describeOurs(facts, path);
  }
}

function describeOurs(
  facts: Extract<DatabaseFacts, { held: boolean }>,
  path: string,
): Omit<DoctorFinding, 'name'> {
  const { journal, synchronous, held } = facts;
  const settings = `journal ${journal}, synchronous ${synchronous}`;
  if (journal !== 'WAL' || synchronous !== 'FULL')
    return {
      mark: 'broken',
      text: `${path} can lose acknowledged deliveries: ${settings} instead of WAL and FULL.`,
      cure: 'Put the database on a local disk: network file systems often cannot do WAL.',
    };
  const version = facts.kind === 'current' ? '' : ' The next start migrates it.';
  const service = held ? 'a service uses it' : 'no service uses it';
  return { mark: 'ok', text: `${path} is writable (${settings}); ${service}.${version}` };
}
