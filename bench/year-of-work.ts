import type { Insertable } from 'kysely';

import type { Database } from '../src/db/database.ts';
import type { Schema } from '../src/db/schema.ts';

const minute = 60_000;
const contexts = ['build', 'lint', 'test', 'coverage', 'integrity', 'verdict'];
const outcomes = ['completed', 'completed', 'completed', 'released', 'expired', 'blocked'] as const;
const verdicts = ['passed', 'passed', 'failed', 'passed', 'error'] as const;
const rowsAtOnce = 200;

interface Year {
  /** Claims, and as many verifications, each with the statuses of its commit. */
  readonly count: number;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly repositoryOf: (n: number) => number;
  readonly commit: (n: number) => string;
  /** Values of a claim that has ended. */
  readonly endedClaim: (n: number) => Insertable<Schema['claims']>;
}

/** What a year of work leaves behind: claims that ended in all ways, their verifications, the statuses of commits. */
export async function insertYearOfWork(db: Database, year: Year): Promise<void> {
  const numbers = Array.from({ length: year.count }, (_, index) => index + 1);
  for (let from = 0; from < year.count; from += rowsAtOnce) {
    const some = numbers.slice(from, from + rowsAtOnce);
    await db.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('claims')
        .values(some.map((n) => claimRow(year, n)))
        .execute();
      await transaction
        .insertInto('verifications')
        .values(some.map((n) => verificationRow(year, n)))
        .execute();
      await transaction
        .insertInto('commit_statuses')
        .values(some.flatMap((n) => statusRows(year, n)))
        .execute();
    });
  }
}

function claimRow({ endedClaim }: Year, n: number) {
  const outcome = outcomes[n % outcomes.length] ?? 'completed';
  return { ...endedClaim(n), id: `year-claim-${n}`, outcome };
}

function verificationRow({ now, count, repositoryOf, commit }: Year, n: number) {
  const at = now - (10 + count - n) * 50 * minute;
  const gates = contexts.map((gate) => ({
    ...{ gate, status: 'passed', counts: true, message: 'Everything is as it should be.' },
    details: `${gate} looked at 412 files`.repeat(4),
  }));
  return {
    ...{ id: `year-${n}`, repository_id: repositoryOf(n), number: n, asked_by: 'runner-1' },
    ...{ commit_id: commit(n), branch: 'mosaic/work', base_branch: 'main' },
    ...{ agent: 'sonnet', worker: 'runner-1', claim_id: `year-claim-${n}` },
    ...{ state: verdicts[n % verdicts.length] ?? 'passed', gates: JSON.stringify(gates) },
    ...{ requested_at: at - 5 * minute, due_at: at, started_at: at - 4 * minute, ended_at: at },
  };
}

function statusRows({ repositoryOf, commit }: Year, n: number) {
  return contexts.map((name, place) => ({
    ...{ repository_id: repositoryOf(n), commit_id: commit(n), context: `coordinator/${name}` },
    ...{ place, number: n, written: 1, verification_id: `year-${n}` },
    state: n % 7 === place ? ('failure' as const) : ('success' as const),
    description: 'Everything is as it should be, in all of the 412 files that were looked at.',
  }));
}
