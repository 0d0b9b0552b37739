import { DatabaseSync } from 'node:sqlite';

import { onTestFinished } from 'vitest';

import { findDelivery } from '../../src/inbox/delivery-views.ts';
import type { Delivery, RejectedDelivery } from '../../src/inbox/rows.ts';
import { createInbox, type Inbox } from '../../src/inbox/inbox.ts';
import { createIntake } from '../../src/inbox/intake.ts';
import type { DeliveryGroup } from '../../src/inbox/queue.ts';
import type { InsertDeliveries } from '../../src/inbox/insert-deliveries.ts';
import type { IssueEvent } from '../../src/issue/event.ts';
import type { Database } from '../../src/db/database.ts';
import { createWriteQueue } from '../../src/db/write-queue.ts';
import { manualClock } from '../support/clock.ts';
import { openInserter, openTestDatabase } from '../support/database.ts';

const baseTime = Date.parse('2026-11-23T10:00:00Z');

export function eventOf(number: number, second: number, body = `text ${second}`): IssueEvent {
  return {
    kind: 'edited',
    issue: {
      repositoryId: 3,
      repository: 'acme/orbit',
      number,
      title: `Issue ${number}`,
      body,
      bodyCut: false,
      open: true,
      assignees: ['bot'],
      labels: [],
      updatedAt: baseTime + second * 1000,
    },
  };
}

export function delivery(id: string, number = 1, second = 1, body?: string): Delivery {
  return { id, eventName: 'issues', bodyHash: `hash-${id}`, event: eventOf(number, second, body) };
}

export function rejection(id: string, raw = Buffer.from('{"later":true}')) {
  return { id, eventName: 'issues', bodyHash: `hash-${id}`, raw, error: 'not understood' };
}

function notUnderstood(): IssueEvent {
  throw new RangeError('still not understood');
}

export async function openInbox(parse: (name: string, raw: Buffer) => IssueEvent = notUnderstood) {
  const { location: path } = await openTestDatabase();
  const { db, insert } = openInserter(path);
  /** Each insert is one commit. */
  const counter = { inserts: 0 };
  const counted: InsertDeliveries = (rows) => {
    counter.inserts += 1;
    return insert(rows);
  };
  const clock = manualClock();
  const reopen = () => openOn(db, { insert: counted, now: clock.now, parse });
  const inbox = reopen();
  const find = (id: string) => findDelivery(db, id, clock.now());
  return { path, db, clock, counter, inbox, reopen, find };
}

type Opened = Parameters<typeof createInbox>[0] & { readonly insert: InsertDeliveries };

/** The inbox with its intake, which inserts right into it. */
function openOn(db: Database, { insert, now, parse }: Pick<Opened, 'insert' | 'now' | 'parse'>) {
  const inbox = createInbox({ db, writes: createWriteQueue(db), now, random: () => 0, parse });
  const intake = createIntake(insert, now);
  const addRejected = async (delivery: RejectedDelivery) => {
    const result = await intake.addRejected(delivery);
    await inbox.keptRejected(delivery.raw.length);
    return result;
  };
  return { ...inbox, ...intake, addRejected };
}

export async function claim(inbox: Inbox): Promise<DeliveryGroup> {
  const group = await inbox.claim([]);
  if (group === undefined) throw new Error('nothing was due');
  return group;
}

export function complete(db: Database, inbox: Inbox, group: DeliveryGroup) {
  return db.transaction().execute((transaction) => inbox.complete(transaction, group));
}

export function idsOf(group: DeliveryGroup | undefined): string[] | undefined {
  return group?.deliveries.map(({ id }) => id);
}

/** Another process that writes: the database's write lock is held until `release`. */
export function holdWriteLock(path: string): () => void {
  const other = new DatabaseSync(path);
  other.exec('begin immediate');
  const release = () => {
    if (other.isOpen) other.close();
  };
  onTestFinished(release);
  return release;
}
