import type { Database } from '../db/database.ts';
import { keyOf } from '../issue/ref.ts';
import { dueIssues, type DueIssue } from './rows.ts';

interface DueQueueDeps {
  readonly db: Database;
  readonly now: () => number;
  readonly dryRun: boolean;
}

/** Issues that a dry run reads at once, beyond those it has reported: it never takes one off the list. */
const dryRunBatch = 200;

/** The issues to publish next. A dry run records nothing, so it remembers which ones it has reported. */
export function createDueQueue({ db, now, dryRun }: DueQueueDeps) {
  const reported = new Map<string, string>();

  async function next(limit: number, inWork: readonly DueIssue[]): Promise<readonly DueIssue[]> {
    const options = { now: now(), except: inWork };
    if (!dryRun) return dueIssues(db, { ...options, limit });
    const all = await dueIssues(db, { ...options, limit: reported.size + dryRunBatch });
    return all.filter((due) => reported.get(keyOf(due)) !== versionOf(due)).slice(0, limit);
  }

  function markReported(due: DueIssue): void {
    if (dryRun) reported.set(keyOf(due), versionOf(due));
  }

  return { next, markReported };
}

function versionOf({ revision, published, verificationRequests }: DueIssue): string {
  return `${revision}/${published}/${verificationRequests}`;
}
