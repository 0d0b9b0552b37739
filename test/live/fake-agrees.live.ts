import { isDeepStrictEqual } from 'node:util';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { eventually } from './support/eventually.ts';
import { findGiteaBinary } from './support/gitea-binary.ts';
import { forgejoDiffers } from './forgejo-differs.ts';
import { orbit, script } from './fake-agrees-script.ts';
import { startFake, startReal, type Side, type Who } from './two-giteas.ts';

const binary = findGiteaBinary();

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

/** In order, each once in a row: Forgejo tells also of a comment that is saved with an equal text. */
function kindsOf(received: Side['received']): string[] {
  const kinds = received.map(({ type, payload }) => `${type} ${String(payload['action'])}`);
  return kinds.filter((kind, index) => kind !== kinds[index - 1]);
}

/** Forgejo 7.0.0 sends nothing when a text is changed by the API, or an issue deleted. */
function isUnsentByForgejo({ type, payload }: Side['received'][number]): boolean {
  const { action, changes } = editSchema.parse(payload);
  return type === 'issues' && (action === 'deleted' || changes?.body !== undefined);
}

const editSchema = z.looseObject({
  action: z.string().optional(),
  changes: z.looseObject({ body: z.unknown().optional() }).nullish(),
});

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
  if (binary.isForgejo)
    expect(differences.map(({ real: { status, step } }) => `${status} ${step}`)).toEqual(
      forgejoDiffers,
    );
  else expect(differences).toEqual([]);
  await eventually(10_000, () => {
    if (binary.isForgejo)
      expect(kindsOf(actual.received)).toEqual(
        kindsOf(faked.received.filter((each) => !isUnsentByForgejo(each))),
      );
    else expect(eventsOf(actual)).toEqual(eventsOf(faked));
    return Promise.resolve();
  });
});
