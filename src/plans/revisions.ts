import { sql, type Transaction } from 'kysely';

import { keyIn } from '../db/key-filter.ts';
import type { Schema } from '../db/schema.ts';
import type { IssueKey } from '../issue/ref.ts';

/** The revision grows with every change of what people see of an issue; the publisher compares it. */
const nextRevision = sql<number>`revision + 1`;

/** Columns to set when the plan of an issue shows something else. */
export function changedAt(now: number) {
  return { changed_at: now, revision: nextRevision };
}

/** Marks issues whose plan shows something else, whether their state changes or not. */
export async function markChanged(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  now: number,
): Promise<void> {
  await update(transaction, issues, changedAt(now));
}

/** Marks issues whose comment shows something else: a blocker of theirs was closed, reopened or renamed. */
export async function markShown(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<void> {
  await update(transaction, issues, { revision: nextRevision });
}

async function update(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  columns: Partial<ReturnType<typeof changedAt>>,
): Promise<void> {
  if (issues.length === 0) return;
  await transaction
    .updateTable('issues')
    .set(columns)
    .where(keyIn('repository_id', 'number', issues))
    .execute();
}
