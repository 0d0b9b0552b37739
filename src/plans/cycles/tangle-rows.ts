import { createHash } from 'node:crypto';

import type { Transaction } from 'kysely';

import { keyIn, oneOf } from '../../db/key-filter.ts';
import type { Schema } from '../../db/schema.ts';
import { formatRef, keyOf, type IssueKey } from '../../issue/ref.ts';
import { cycleReason } from '../../issue/state.ts';
import { changedAt } from '../revisions.ts';

export interface OpenIssue extends IssueKey {
  readonly cycleKey: string | null;
}

export async function openOf(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
): Promise<OpenIssue[]> {
  if (issues.length === 0) return [];
  return transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number', 'cycle_key as cycleKey'])
    .where(keyIn('repository_id', 'number', issues))
    .where('open', '=', 1)
    .where('deleted', '=', 0)
    .execute();
}

/** All members of these stored tangles. */
export async function membersOf(transaction: Transaction<Schema>, keys: readonly string[]) {
  if (keys.length === 0) return [];
  const rows = await transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number', 'open', 'deleted'])
    .where('cycle_key', 'is not', null)
    .where(oneOf('cycle_key', keys))
    .execute();
  return rows.map((row) => ({ ...row, isOpen: row.open === 1 && row.deleted === 0 }));
}

/** Those of these issues that are stored as members of a tangle. */
export async function storedCycles(transaction: Transaction<Schema>, issues: readonly IssueKey[]) {
  const rows = await transaction
    .selectFrom('issues')
    .select(['repository_id as repositoryId', 'number', 'cycle_key'])
    .where('cycle_key', 'is not', null)
    .where(keyIn('repository_id', 'number', issues))
    .$narrowType<{ cycle_key: string }>()
    .execute();
  return new Map(
    rows.map(({ cycle_key: cycleKey, ...issue }) => {
      const id = keyOf(issue);
      return [id, { id, issue, cycleKey }];
    }),
  );
}

export async function setKey(
  transaction: Transaction<Schema>,
  issues: readonly IssueKey[],
  key: string | null,
): Promise<void> {
  if (issues.length === 0) return;
  await transaction
    .updateTable('issues')
    .set({ cycle_key: key })
    .where(keyIn('repository_id', 'number', issues))
    .execute();
}

/** A cycle by its issues, each waiting for the next. */
export interface Cycle {
  readonly key: string;
  readonly path: readonly IssueKey[];
  readonly refs: readonly string[];
}

export async function nameCycle(
  transaction: Transaction<Schema>,
  path: readonly IssueKey[],
): Promise<Cycle> {
  const rows = await transaction
    .selectFrom('repositories')
    .select(['id', 'full_name'])
    .where('id', 'in', [0, ...new Set(path.map(({ repositoryId }) => repositoryId))])
    .execute();
  const names = new Map(rows.map(({ id, full_name }) => [id, full_name]));
  const refs = path.map(({ repositoryId, number }) =>
    formatRef({ repository: names.get(repositoryId) ?? String(repositoryId), number }),
  );
  const hash = createHash('sha256').update(refs.join(' ')).digest('base64url').slice(0, 16);
  return { key: `${path[0] === undefined ? '' : keyOf(path[0])} ${hash}`, path, refs };
}

/** Has the members beside the cycle name it where they name another one; returns how many did. */
export async function nameInSentences(
  transaction: Transaction<Schema>,
  { key, path, refs }: Cycle,
  now: number,
): Promise<number> {
  const { code, params } = cycleReason(refs, { beside: true });
  const reason_params = JSON.stringify(params);
  const { numUpdatedRows } = await transaction
    .updateTable('issues')
    .set({ reason_params, ...changedAt(now) })
    .where('cycle_key', '=', key)
    .where('reason_code', '=', code)
    .where('reason_params', '<>', reason_params)
    .where((eb) => eb.not(keyIn('repository_id', 'number', path)))
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

export function firstOf(cycleKey: string): string {
  return cycleKey.split(' ')[0] ?? '';
}

export function issueOf(id: string): IssueKey {
  const [repositoryId = 0, number = 0] = id.split('#').map(Number);
  return { repositoryId, number };
}
