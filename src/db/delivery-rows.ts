import type { Insertable } from 'kysely';

import type { Schema } from './schema.ts';

export type NewDelivery = Required<Omit<Insertable<Schema['deliveries']>, 'seq'>>;

/** The defaults of a row; fixes the order of the columns for every row. */
export const emptyRow: NewDelivery = {
  id: '',
  status: 'waiting',
  event_name: '',
  kind: null,
  repository_id: null,
  issue_number: null,
  snapshot_at: null,
  body_hash: '',
  received_at: 0,
  due_at: 0,
  attempts: 0,
  handled_at: null,
  error: null,
  event: null,
  raw_size: 0,
  body: null,
  raw: null,
};

/** A row of the same bytes that led to nothing: a later version may understand them, a redelivery may succeed. */
export const byBytes = `on conflict (body_hash) where body_hash <> '' do update set ${Object.keys(
  emptyRow,
)
  .map((column) => `${column} = excluded.${column}`)
  .join(', ')}
  where deliveries.status in ('dead', 'rejected') and excluded.status = 'waiting'`;

/** With SQLite, which has a clause for each unique index. */
export const takeTheirPlace = `on conflict (id) do nothing ${byBytes}`;
