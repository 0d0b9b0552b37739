import type { Kysely } from 'kysely';

import { runStatements } from '../run-statements.ts';
import type { Schema } from '../schema.ts';

/** Adds what people are told outside of Gitea. */
export async function addNotifications(db: Kysely<Schema>): Promise<void> {
  await runStatements(db, [
    'create table told (key text not null primary key, told_at integer not null)',
    `create table notices (
    seq integer primary key autoincrement, kind text not null, ref text, title text,
    sentence text not null, at integer not null)`,
    `create table notify_targets (
    target text not null primary key, sent_up_to integer not null, sending_up_to integer,
    attempts integer not null, due_at integer not null, error text)`,
  ]);
}
