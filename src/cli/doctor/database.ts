import type { ExaminedConfig } from '../../config.ts';
import { examineDatabase, type DatabaseFacts } from '../../db/examine.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';

/** The database as found; `held`: a service runs on it. */
export function checkDatabase({ databasePath }: ExaminedConfig): CheckResult<{
  readonly path: string;
  readonly facts: DatabaseFacts;
}> {
  const name = 'database';
  if (databasePath === undefined) {
    const text = 'DATABASE_URL is wrong; see configuration.';
    return { findings: [{ name, mark: 'skipped', text }], value: undefined };
  }
  const facts = examineDatabase(databasePath);
  return {
    findings: [{ name, ...describe(facts, databasePath) }],
    value: { path: databasePath, facts },
  };
}

function describe(facts: DatabaseFacts, path: string): Omit<DoctorFinding, 'name'> {
  switch (facts.kind) {
    case 'new':
      return {
        mark: 'ok',
        text: `${path} is not there yet; it can be made and will be at the first start.`,
      };
    case 'unwritable':
      return {
        mark: 'broken',
        text: `${path} cannot be written (${facts.reason}).`,
        cure: 'Give the user of the service the right to write the file and its folder, free some space, or correct DATABASE_URL.',
      };
    case 'unreadable':
      return {
        mark: 'broken',
        text: `${path} cannot be read (${facts.reason}).`,
        cure: 'Stop the service, check the disk, and put a backup in its place; without one, move it away: a new one is filled again from Gitea.',
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
        cure: 'Run that version, or put the backup from before the upgrade in its place.',
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
      text: `${path} does not keep what was acknowledged: ${settings} instead of WAL and FULL.`,
      cure: 'Put the database on a local disk: file systems of a network often cannot do WAL.',
    };
  const version = facts.kind === 'current' ? '' : ' It is brought up to date at the next start.';
  const service = held ? 'a service runs on it' : 'no service runs on it';
  return { mark: 'ok', text: `${path} can be written (${settings}); ${service}.${version}` };
}
