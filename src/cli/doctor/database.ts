import type { ExaminedConfig } from '../../config.ts';
import { examineDatabase, type DatabaseFacts } from '../../db/sqlite/examine.ts';
import { networkMessage, unsafeFileSystem, type StatFs } from '../../db/sqlite/file-system.ts';
import { openToOthers } from '../../db/sqlite/private-files.ts';
import { quickCheck } from '../../db/sqlite/quick-check.ts';
import {
  broken,
  ok,
  resultOf,
  skipped,
  warning,
  type CheckResult,
  type Outcome,
} from './finding.ts';

/** The database, as later checks need it. */
export interface CheckedDatabase {
  readonly path: string;
  /** It has today's schema, so its rows can be read. */
  readonly isCurrent: boolean;
  /** A service uses it; undefined when that could not be checked. */
  readonly inUse: boolean | undefined;
}

export function checkDatabase(
  { database, allowNetworkDatabase }: ExaminedConfig,
  statFs?: StatFs,
): CheckResult<CheckedDatabase> {
  if (database === undefined)
    return resultOf('database', skipped('DATABASE_URL is invalid; see configuration.'));
  const facts = examineDatabase(database);
  const danger =
    describePlace(database, allowNetworkDatabase, statFs) ??
    ('held' in facts ? describeContent(database) : undefined);
  return resultOf('database', danger ?? describe(facts, database), {
    path: database,
    isCurrent: facts.kind === 'current',
    inUse: facts.kind === 'new' ? false : 'held' in facts ? facts.held : undefined,
  });
}

/** Undefined on a local disk. */
function describePlace(path: string, isAllowed: boolean, statFs?: StatFs): Outcome | undefined {
  const unsafe = unsafeFileSystem(path, statFs);
  if (unsafe === undefined) return undefined;
  if (unsafe.certain && !isAllowed)
    return broken(networkMessage(path, unsafe), 'Put the database on a local disk.');
  return warning(
    `${path} is on a file system that may not be a local disk (${unsafe.name}).`,
    'If it is on the network, put the database on a local disk: SQLite can lose there what it stored.',
  );
}

/** Undefined for a sound database that is its owner's alone. */
function describeContent(path: string): Outcome | undefined {
  const damage = quickCheck(path);
  if (damage !== undefined)
    return broken(
      `${path} is damaged (${damage}).`,
      'Stop the service, check the disk, and restore a backup. Without a backup, move the file away: the service rebuilds its database from Gitea.',
    );
  const [open] = openToOthers(path);
  if (open === undefined) return undefined;
  return warning(
    `Other users of this machine may read ${open}, which holds the texts of issues.`,
    'Start the service once, which closes its files to others, or run chmod 600 on them.',
  );
}

function describe(facts: DatabaseFacts, path: string): Outcome {
  switch (facts.kind) {
    case 'new':
      return ok(`${path} does not exist yet; the service creates it at its first start.`);
    case 'unwritable':
      return broken(
        `${path} is not writable (${facts.reason}).`,
        'Give the user of the service write access to the file and its folder, free some disk space, or correct DATABASE_URL.',
      );
    case 'unreadable':
      return broken(
        `${path} is not readable (${facts.reason}).`,
        'Stop the service, check the disk, and restore a backup. Without a backup, move the file away: the service rebuilds its database from Gitea.',
      );
    case 'foreign':
      return broken(
        `${path} is not a database of the coordinator.`,
        'Correct DATABASE_URL, or move that file away.',
      );
    case 'later':
      return broken(
        `${path} was written by a newer version of the coordinator.`,
        'Run that version, or restore the backup from before the upgrade.',
      );
    case 'development':
      return broken(
        `${path} comes from a development version and cannot be upgraded.`,
        'Move the file away: with GITEA_TOKEN, the next start rebuilds everything from Gitea.',
      );
    case 'earlier':
    case 'current':
      return describeOurs(facts, path);
  }
}

function describeOurs(facts: Extract<DatabaseFacts, { held: boolean }>, path: string): Outcome {
  const { journal, synchronous, held } = facts;
  const settings = `journal ${journal}, synchronous ${synchronous}`;
  if (journal !== 'WAL' || synchronous !== 'FULL')
    return broken(
      `${path} can lose acknowledged deliveries: ${settings} instead of WAL and FULL.`,
      'Put the database on a local disk: network file systems often cannot do WAL.',
    );
  const version = facts.kind === 'current' ? '' : ' The next start migrates it.';
  const service = held ? 'a service uses it' : 'no service uses it';
  return ok(`${path} is writable (${settings}); ${service}.${version}`);
}
