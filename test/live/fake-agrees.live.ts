import { isDeepStrictEqual } from 'node:util';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { eventually } from './support/eventually.ts';
import { findGiteaBinary } from './support/gitea-binary.ts';
import {
  startFake,
  startReal,
  type RepositoryChange,
  type Side,
  type Who,
} from './support/two-giteas.ts';

const binary = findGiteaBinary();

type Step =
  | readonly [who: Who, method: string, path: string, body?: object]
  | { readonly rename: readonly [name: string, to: string] }
  | { readonly bot: 'read' | 'write' }
  | { readonly repository: RepositoryChange };

const orbit = '/repos/acme/orbit';
const i = (number: number) => `${orbit}/issues/${number}`;
const label = { color: '#0e8a16', description: 'd', exclusive: true };
const on = (index: number, repo = 'orbit') => ({ owner: 'acme', repo, index });
const config = { url: 'http://127.0.0.1:1/x', content_type: 'json' };
const search = '/repos/issues/search?type=issues&limit=50';

/** `{c1}` and `{l1}` stand for the first comment and label that were made. */
const script: readonly Step[] = [
  ['bot', 'GET', '/user'],
  ['nobody', 'GET', '/user'],
  ['bot', 'GET', '/notifications/new'],
  ['bot', 'GET', '/user/orgs'],
  ['maria', 'GET', '/notifications/new'],
  ['maria', 'GET', '/admin/cron'],
  ['bot', 'GET', orbit],
  ['maria', 'GET', orbit],
  ['bot', 'GET', '/repos/acme/ledger'],
  ['bot', 'GET', '/user/repos?limit=50'],
  ['bot', 'GET', i(1)],
  ['maria', 'POST', `${orbit}/issues`, { title: 'One', body: 'a', assignees: ['coordinator-bot'] }],
  ['maria', 'POST', `${orbit}/issues`, { title: 'Two' }],
  ['maria', 'POST', `${orbit}/issues`, { body: 'no title' }],
  ['maria', 'POST', '/repos/acme/ledger/issues', { title: 'Secret' }],
  ['bot', 'GET', i(1)],
  ['bot', 'GET', i(2)],
  ['bot', 'GET', `${search}&assigned=true&state=open`],
  ['bot', 'GET', `${search}&state=all`],
  ['bot', 'GET', `${search}&state=all&page=2`],
  ['maria', 'PATCH', i(1), { title: 'Uno' }],
  ['maria', 'PATCH', i(1), { title: 'Uno' }],
  ['maria', 'PATCH', i(1), { body: 'b' }],
  ['maria', 'PATCH', i(1), { body: 'b' }],
  ['maria', 'PATCH', i(1), { title: 'Un', body: 'c' }],
  ['maria', 'PATCH', i(1), { assignees: ['maria'] }],
  ['maria', 'PATCH', i(1), { assignees: ['maria'] }],
  ['maria', 'PATCH', i(1), { assignees: [] }],
  ['bot', 'GET', i(1)],
  ['maria', 'PATCH', i(1), { assignees: ['coordinator-bot'] }],
  // Comments.
  ['bot', 'GET', `${i(1)}/comments`],
  ['bot', 'GET', `${i(99)}/comments`],
  ['bot', 'POST', `${i(99)}/comments`, { body: 'x' }],
  ['bot', 'POST', `${i(1)}/comments`, { body: '' }],
  ['bot', 'POST', `${i(1)}/comments`, { body: '<!-- mosaic-coordinator -->\nOne.' }],
  ['maria', 'POST', `${i(1)}/comments`, { body: 'Two.' }],
  ['bot', 'GET', `${i(1)}/comments`],
  ['bot', 'PATCH', `${orbit}/issues/comments/{c1}`, { body: 'Uno.' }],
  ['bot', 'PATCH', `${orbit}/issues/comments/{c1}`, { body: 'Uno.' }],
  ['bot', 'PATCH', `${orbit}/issues/comments/{c1}`, { body: '' }],
  ['bot', 'GET', `${orbit}/issues/comments/{c1}`],
  ['maria', 'DELETE', `${orbit}/issues/comments/{c1}`],
  ['bot', 'GET', `${orbit}/issues/comments/{c1}`],
  ['bot', 'PATCH', `${orbit}/issues/comments/{c1}`, { body: 'x' }],
  ['bot', 'GET', i(1)],
  // What a comment names is moved, unless it is written so that it is a link only.
  ['bot', 'POST', `${i(1)}/comments`, { body: 'See acme/orbit&#35;2, `#2` and acme/orbit\\#2.' }],
  ['bot', 'PATCH', `${orbit}/issues/comments/{c3}`, { body: 'See #2.' }],
  ['bot', 'PATCH', `${orbit}/issues/comments/{c3}`, { body: 'See #2 again, and #1.' }],
  ['bot', 'POST', `${i(1)}/comments`, { body: '**acme/orbit#2**; <!-- #2 -->' }],
  ['maria', 'PATCH', i(1), { body: 'After #2.' }],
  ['maria', 'PATCH', i(1), { body: 'After #2 now.' }],
  // Labels.
  ['bot', 'POST', `${orbit}/labels`, { name: 'coordinator/ready', ...label }],
  ['bot', 'POST', `${orbit}/labels`, { name: 'coordinator/done', ...label }],
  ['bot', 'POST', `${orbit}/labels`, { name: 'bug', color: 'ee0701' }],
  ['bot', 'POST', `${orbit}/labels`, { name: 'bug', color: 'ee0701' }],
  ['bot', 'POST', `${orbit}/labels`, { name: 'bad', color: '#zzz' }],
  ['bot', 'GET', `${orbit}/labels?limit=50`],
  ['bot', 'POST', `${i(1)}/labels`, { labels: ['{l1}'] }],
  ['bot', 'POST', `${i(1)}/labels`, { labels: ['{l1}'] }],
  ['bot', 'POST', `${i(1)}/labels`, { labels: ['{l3}'] }],
  ['bot', 'POST', `${i(1)}/labels`, { labels: ['{l2}'] }],
  ['bot', 'POST', `${i(1)}/labels`, { labels: [99_999] }],
  ['bot', 'POST', `${i(99)}/labels`, { labels: ['{l1}'] }],
  ['bot', 'GET', `${i(1)}/labels`],
  ['bot', 'DELETE', `${i(1)}/labels/{l3}`],
  ['bot', 'DELETE', `${i(1)}/labels/{l3}`],
  ['bot', 'DELETE', `${i(1)}/labels/99999`],
  ['maria', 'PUT', `${i(1)}/labels`, { labels: ['{l1}', '{l3}'] }],
  ['bot', 'GET', i(1)],
  ['maria', 'DELETE', `${i(1)}/labels`],
  ['bot', 'POST', `${i(1)}/labels`, { labels: ['{l1}'] }],
  ['bot', 'DELETE', `${i(1)}/labels/{l1}`],
  // Dependencies.
  ['bot', 'GET', `${i(1)}/dependencies?page=1&limit=50`],
  ['maria', 'POST', `${i(1)}/dependencies`, on(2)],
  ['maria', 'POST', `${i(1)}/dependencies`, on(1, 'ledger')],
  ['bot', 'POST', `${i(1)}/dependencies`, on(1, 'ledger')],
  ['bot', 'POST', `${i(1)}/dependencies`, on(2)],
  ['bot', 'POST', `${i(2)}/dependencies`, on(1)],
  ['bot', 'POST', `${i(1)}/dependencies`, on(77)],
  ['bot', 'GET', `${i(1)}/dependencies?page=1&limit=50`],
  ['bot', 'GET', `${i(2)}/blocks?page=1&limit=50`],
  ['bot', 'GET', `${i(99)}/dependencies`],
  ['maria', 'GET', `${i(1)}/dependencies`],
  ['maria', 'PATCH', i(1), { state: 'closed' }],
  ['maria', 'DELETE', `${i(1)}/dependencies`, on(1, 'ledger')],
  ['maria', 'PATCH', i(2), { state: 'closed' }],
  ['maria', 'PATCH', i(1), { state: 'closed' }],
  ['maria', 'PATCH', i(1), { state: 'closed' }],
  ['bot', 'GET', `${i(1)}/dependencies`],
  ['bot', 'GET', `${search}&assigned=true&state=open`],
  ['bot', 'GET', `${search}&assigned=true&state=closed`],
  ['maria', 'PATCH', i(1), { state: 'open' }],
  ['maria', 'PATCH', i(1), { state: 'strange' }],
  { repository: { dependenciesOff: true } },
  ['bot', 'GET', orbit],
  ['bot', 'GET', `${i(1)}/dependencies`],
  { repository: { dependenciesOff: false } },
  // What the bot may not do.
  { bot: 'read' },
  ['bot', 'GET', orbit],
  ['bot', 'POST', `${i(1)}/labels`, { labels: ['{l1}'] }],
  ['bot', 'DELETE', `${i(1)}/labels/{l1}`],
  ['bot', 'POST', `${orbit}/labels`, { name: 'x', color: '#abcdef' }],
  ['bot', 'PATCH', `${orbit}/issues/comments/{c2}`, { body: 'x' }],
  ['bot', 'PATCH', i(1), { title: 'x' }],
  ['maria', 'POST', `${i(1)}/dependencies`, on(1, 'ledger')],
  ['bot', 'GET', `${i(1)}/dependencies`],
  ['bot', 'POST', `${i(1)}/comments`, { body: 'A reader may.' }],
  { bot: 'write' },
  ['bot', 'PATCH', `${orbit}/issues/comments/{c2}`, { body: 'Edited by the bot.' }],
  // Hooks.
  ['bot', 'GET', `${orbit}/hooks`],
  ['maria', 'POST', `${orbit}/hooks`, { type: 'gitea', config }],
  ['maria', 'POST', `${orbit}/hooks`, { type: 'gitea', active: true, events: ['issues'], config }],
  ['maria', 'POST', `${orbit}/hooks`, { type: 'gitea', config: { ...config, url: 'x' } }],
  ['maria', 'GET', `${orbit}/hooks/99`],
  ['maria', 'PATCH', `${orbit}/hooks/99`, { active: true }],
  ['maria', 'GET', `${orbit}/hooks?page=1&limit=50`],
  ['bot', 'GET', '/orgs/acme/hooks'],
  ['root', 'GET', '/orgs/acme/hooks'],
  // Archived, switched off, renamed, deleted.
  { repository: { archived: true } },
  ['bot', 'POST', `${i(1)}/comments`, { body: 'x' }],
  ['bot', 'PATCH', `${orbit}/issues/comments/{c2}`, { body: 'x' }],
  ['bot', 'POST', `${i(1)}/labels`, { labels: ['{l1}'] }],
  ['bot', 'GET', orbit],
  { repository: { archived: false } },
  { repository: { hasIssues: false } },
  ['bot', 'GET', i(1)],
  ['bot', 'GET', `${i(1)}/comments`],
  ['bot', 'GET', `${search}&assigned=true&state=open`],
  { repository: { hasIssues: true } },
  { rename: ['acme/orbit', 'acme/newname'] },
  ['bot', 'GET', orbit],
  ['bot', 'GET', i(1)],
  ['bot', 'POST', `${i(1)}/comments`, { body: 'x' }],
  ['bot', 'GET', `${i(1)}/dependencies?page=1&limit=50`],
  ['bot', 'GET', '/repos/acme/newname/issues/1'],
  { rename: ['acme/newname', 'acme/orbit'] },
  ['bot', 'GET', '/repos/acme/newname/issues/1'],
  ['maria', 'DELETE', i(2)],
  ['bot', 'GET', i(2)],
  ['bot', 'GET', `${i(1)}/dependencies`],
];

const used = new Set([
  ...['number', 'title', 'body', 'state', 'assignees', 'labels', 'login', 'pull_request', 'user'],
  ...['name', 'exclusive', 'color', 'description', 'full_name', 'repository', 'message', 'url'],
  ...['active', 'type', 'events', 'config', 'content_type', 'has_issues', 'archived'],
  ...['private', 'permissions', 'admin', 'push', 'pull', 'is_admin', 'comments', 'new'],
  ...['internal_tracker', 'enable_issue_dependencies', 'comment', 'issue', 'sender', 'action'],
  ...['changes', 'from', 'is_pull'],
]);

/** Of a user only the login, and what only some objects with that key have. */
const belongs: Readonly<Record<string, (value: object) => boolean>> = {
  url: (value) => 'content_type' in value,
  active: (value) => 'config' in value,
  description: (value) => 'color' in value,
  full_name: (value) => !('login' in value),
};

/** The parts that the coordinator reads. */
function partsOf(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const parts = value.map((row) => partsOf(row));
    return key === 'events' ? parts.map(String).sort() : parts;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([name, part]) => used.has(name) && part !== undefined)
    .filter(([name]) => belongs[name]?.(value) ?? true)
    .map(([name, part]) => [name, partsOf(part, name)]);
  return Object.fromEntries(entries);
}

interface Told {
  readonly step: string;
  readonly status: number;
  readonly total: string | null;
  readonly location: string | null;
  readonly body: unknown;
  /** Issues whose `updated_at` moved. */
  readonly moved: readonly number[];
}

const idSchema = z.looseObject({ id: z.number() });

/** Runs the script on one of the two; what comes back is to be the same. */
async function run(side: Side): Promise<Told[]> {
  const ids = new Map<string, number>();
  const counts = { c: 0, l: 0 };
  const told: Told[] = [];
  let repository = 'acme/orbit';

  async function call(who: Who, method: string, path: string, body?: object) {
    const filled = (text: string) =>
      text.replaceAll(/"?\{([cl]\d)\}"?/g, (_, name: string) => String(ids.get(name)));
    return fetch(`${side.url}/api/v1${filled(path)}`, {
      method,
      headers: { authorization: `token ${side.tokens[who]}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: filled(JSON.stringify(body)) }),
      redirect: 'manual',
    });
  }

  async function times(): Promise<Map<number, unknown>> {
    const found = new Map<number, unknown>();
    for (const number of [1, 2]) {
      const reply = await call('root', 'GET', `/repos/${repository}/issues/${number}`);
      const json: unknown = await reply.json();
      found.set(number, z.looseObject({}).parse(json)['updated_at']);
    }
    return found;
  }

  const events = ['issues', 'issue_comment', 'push'];
  const hook = { url: side.hookUrl, content_type: 'json', secret: 's' };
  await call('root', 'POST', `${orbit}/hooks`, {
    type: 'gitea',
    active: true,
    events,
    config: hook,
  });
  for (const step of script) {
    if ('rename' in step) {
      await side.rename(...step.rename);
      repository = step.rename[1];
    } else if ('bot' in step) await side.setBot(step.bot);
    else if ('repository' in step) await side.setRepository(step.repository);
    else {
      const [who, method, path, body] = step;
      const isWrite = method !== 'GET';
      const before = isWrite ? await times() : new Map<number, unknown>();
      if (isWrite) await side.nextSecond();
      const reply = await call(who, method, path, body);
      const text = await reply.text();
      const type = reply.headers.get('content-type') ?? '';
      const json: unknown = type.includes('json')
        ? JSON.parse(text.replaceAll(side.hookUrl, 'http://receiver/'))
        : null;
      if (reply.status === 201 && /\/(comments|labels)$/.test(path)) {
        const kind = path.endsWith('labels') ? 'l' : 'c';
        counts[kind] += 1;
        ids.set(`${kind}${counts[kind]}`, idSchema.parse(json).id);
      }
      const after = isWrite ? await times() : before;
      told.push({
        step: `${who} ${method} ${path} ${JSON.stringify(body ?? '')}`,
        status: reply.status,
        total: reply.headers.get('x-total-count'),
        location: reply.headers.get('location'),
        body: partsOf(withoutNumbers(reply.status, json)),
        moved: [...before.keys()].filter((number) => before.get(number) !== after.get(number)),
      });
    }
  }
  return told;
}

/** Messages tell ids, which depend on the server, and of what is missing nobody reads them. */
function withoutNumbers(status: number, json: unknown): unknown {
  const parsed = z.looseObject({ message: z.string() }).safeParse(json);
  if (!parsed.success) return json;
  const { message, ...rest } = parsed.data;
  return status === 404 ? rest : { ...rest, message: message.replaceAll(/\d+/g, 'N') };
}

/** Whose permissions a payload tells depends on the event: they are of no use to anybody. */
function eventsOf({ received }: Side): object[] {
  return received.map(({ event, type, payload }) => {
    const repository = {
      ...z.looseObject({}).parse(payload['repository']),
      permissions: undefined,
    };
    return { event, type, payload: partsOf({ ...payload, repository }) };
  });
}

test.skipIf(binary === undefined)('the fake answers and tells what a real Gitea does', async () => {
  if (binary === undefined) return;
  const [faked, actual] = [await startFake(), await startReal(binary)];
  const fake = await run(faked);
  await faked.nextSecond();
  const real = await run(actual);
  const differences = real.flatMap((answer, index) => {
    const other = fake[index];
    return isDeepStrictEqual(answer, other) ? [] : [{ real: answer, fake: other }];
  });
  expect(differences).toEqual([]);
  await eventually(10_000, () => {
    expect(eventsOf(actual)).toEqual(eventsOf(faked));
    return Promise.resolve();
  });
});
