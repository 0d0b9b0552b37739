import { join } from 'node:path';

import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { expect, test } from 'vitest';

import { createDatabase, type Database } from '../../src/db/database.ts';
import { migrations } from '../../src/db/migrations.ts';
import { startService, temporaryDirectory } from '../support/service.ts';

const at = Date.parse('2026-11-23T10:00:00Z');
const said = (value: unknown, source = 'default') => ({ value, source, evidence: null });

/** As the first version stored them; later ones only added what may be missing. */
const reading = {
  outcome: 'offline',
  model: null,
  reason: null,
  estimatedContext: said(20_000, 'declared'),
  difficulty: said('medium'),
  assignedAgent: said(null),
  factors: { files: null, complexity: null, tests: null, docs: null },
  dependencies: [],
  warnings: [],
};
const estimate = { low: 16_000, likely: 20_000, high: 26_000, source: 'declared', formula: null };
const fits = { code: 'cheapest_fit', text: 'sonnet is the cheapest agent that fits.' };
const plan = { reading, estimate, assignment: { agent: 'sonnet', reason: fits } };
const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

interface Filled {
  readonly state: string;
  readonly code: string;
  readonly body?: string;
  readonly open?: boolean;
  readonly deleted?: boolean;
  readonly unblocks?: number;
}

/** An issue of the bot where there is a text, of somebody else where there is none. */
function issue(number: number, filled: Filled) {
  const { state, code, body, open = true, deleted = false, unblocks = 0 } = filled;
  const stored = body === undefined ? undefined : plan;
  const ready = state === 'ready' ? at : null;
  return {
    ...{ repository_id: 2, number, title: `Issue ${number}`, body: body ?? '', body_cut: 0 },
    ...{ body_kept: body === undefined ? 0 : 1, open: open ? 1 : 0, deleted: deleted ? 1 : 0 },
    ...{ assigned: body === undefined ? 0 : 1, assignees: json(body === undefined ? [] : ['bot']) },
    ...{
      labels: json(number === 1 ? ['bug', 'coordinator/ready'] : []),
      snapshot_at: at,
      snapshot_repository: 'acme/orbit',
      labels_at: at,
    },
    ...{ reading: json(stored?.reading), estimate: json(stored?.estimate) },
    ...{ assignment: json(stored?.assignment), own_warnings: '[]', warnings: '[]' },
    ...{ state, reason_code: code, reason_text: `As ${code} was put.`, ready_at: ready },
    ...{ changed_at: at, queue_key: ready, unblocks, circle: null },
  };
}

const issues = [
  issue(1, { state: 'ready', code: 'ready', body: 'Total estimated: 20k', unblocks: 1 }),
  issue(2, { state: 'blocked', code: 'open_blockers', body: 'Blocked by #1' }),
  issue(3, { state: 'done', code: 'closed', body: 'Done 😀', open: false }),
  issue(4, { state: 'released', code: 'not_assigned' }),
  issue(5, { state: '', code: '', deleted: true }),
];

const edge = {
  ...{ declared_repository_id: 2, declared_number: 2, blocked_repository_id: 2, blocked_number: 2 },
  ...{ blocker_repository_id: 2, blocker_number: 1, unresolved_name: null, source: 'declared' },
  evidence: 'Blocked by #1',
};

const snapshot = {
  ...{ repositoryId: 2, repository: 'acme/orbit', number: 4, title: 'Issue 4', bodyCut: false },
  ...{ open: true, assignees: ['bot'], labels: [], updatedAt: at + 60_000 },
};

function delivery(id: string, status: string) {
  return {
    ...{ id, status, event_name: 'issues', kind: 'assigned', repository_id: 2, issue_number: 4 },
    ...{ snapshot_at: snapshot.updatedAt, body_hash: 'hash', received_at: Date.now(), due_at: at },
    event: JSON.stringify({ kind: 'assigned', issue: snapshot }),
    ...{ attempts: 0, handled_at: null, error: null, raw_size: 0, raw: null },
    body: 'Blocked by #2',
  };
}

const tables: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  repositories: [{ id: 2, full_name: 'acme/orbit', lower_name: 'acme/orbit', named_at: at }],
  repository_names: [{ repository_id: 2, lower_name: 'acme/orbit', named_at: at }],
  issues,
  edges: [edge],
  deliveries: [delivery('told', 'waiting'), delivery('gave-up', 'dead')],
  model_answers: [{ key: 'asked', answer: '{}', stored_at: at }],
};

/** Fills the tables a version has, and of each row the columns that it has there. */
async function fill(db: Database): Promise<void> {
  for (const [table, rows] of Object.entries(tables)) {
    const { rows: info } = await sql<{
      name: string;
    }>`select name from pragma_table_info(${table})`.execute(db);
    const columns = new Set(info.map(({ name }) => name));
    if (columns.size === 0) continue;
    for (const row of rows) {
      const given = Object.entries(row).filter(([name]) => columns.has(name));
      await sql`insert into ${sql.table(table)}
        (${sql.join(given.map(([name]) => sql.ref(name)))})
        values (${sql.join(given.map(([, value]) => value))})`.execute(db);
    }
  }
  if ((await sql`select 1 from pragma_table_info('issue_texts')`.execute(db)).rows.length === 0)
    return;
  for (const { repository_id, number, body, body_kept } of issues)
    if (body_kept === 1)
      await db.insertInto('issue_texts').values({ repository_id, number, body }).execute();
}

const versions = Object.keys(migrations).sort();

test.each(versions)('a database as %s left it is served, with all that was in it', async (name) => {
  const directory = temporaryDirectory();
  const path = join(directory, 'coordinator.db');
  const old = createDatabase(path);
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  const { error } = await new Migrator({ db: old, provider }).migrateTo(name);
  expect(error).toBeUndefined();
  await fill(old);
  await old.destroy();

  const service = await startService({ directory, env: { GITEA_BOT_USERNAME: 'bot' } });
  await service.idle();
  const states = await Promise.all(
    issues.map(async ({ number }) => {
      const found = await service.plan(`acme/orbit#${number}`);
      return found === undefined ? 'gone' : `${found.state} ${found.blockedBy[0]?.ref ?? '-'}`;
    }),
  );
  // What waited in the inbox is handled: the fourth has become the bot's.
  expect(states).toEqual([
    'ready -',
    'blocked acme/orbit#1',
    'done -',
    'blocked acme/orbit#2',
    'gone',
  ]);
  expect((await service.api('/queue')).json).toMatchObject({
    ready: [{ ref: 'acme/orbit#1', plan: { estimate: { likely: 20_000 } } }],
    waiting: { open_blockers: 2 },
  });
  expect((await service.api('/graph')).json).toMatchObject({
    edges: [
      { issue: 'acme/orbit#2', blockedBy: 'acme/orbit#1', evidence: 'Blocked by #1' },
      { issue: 'acme/orbit#4', blockedBy: 'acme/orbit#2' },
    ],
  });
  expect((await service.api('/deliveries?status=dead')).json).toMatchObject({
    items: [{ deliveryId: 'gave-up', ref: 'acme/orbit#4', bodyHash: 'hash' }],
  });
  await service.close();

  const db = createDatabase(path);
  const texts = await db.selectFrom('issue_texts').select(['number', 'body']).execute();
  const labelled = await db.selectFrom('issues').select('labels').where('number', '=', 1).execute();
  const unblocks = await db.selectFrom('issues').select(['number', 'unblocks']).execute();
  const { rows: damage } = await sql`pragma integrity_check`.execute(db);
  await db.destroy();
  expect(texts).toEqual([
    { number: 1, body: 'Total estimated: 20k' },
    { number: 2, body: 'Blocked by #1' },
    { number: 3, body: 'Done 😀' },
    { number: 4, body: 'Blocked by #2' },
  ]);
  expect(unblocks.map((row) => row.unblocks)).toEqual([2, 1, 0, 0, 0]);
  // Only from that version on our own labels are kept apart.
  const kept = name < '011' ? ['bug'] : ['bug', 'coordinator/ready'];
  expect(labelled).toEqual([{ labels: JSON.stringify(kept) }]);
  expect(damage).toEqual([{ integrity_check: 'ok' }]);
});
