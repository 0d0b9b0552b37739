import { expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import { issuePayload, signedRequest } from '../../support/recordings.ts';
import { startService, testEnvironment } from '../../support/service.ts';

/** Runs `deliveries` in this process on the database in `directory`. */
async function run(directory: string, ...args: string[]) {
  let out = '';
  let err = '';
  const code = await runCommandLine(['deliveries', ...args], {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    environment: () => testEnvironment(directory),
  });
  return { code, out, err };
}

const assigned = signedRequest(issuePayload(), { id: 'delivery-1' });
/** Authentic, but no payload. */
const garbled = signedRequest(Buffer.from('{"action":"assigned"}'), { id: 'delivery-2' });

async function startWithTwo() {
  const service = await startService();
  await service.send(assigned);
  await service.idle();
  await service.send(garbled);
  return service;
}

const viewSchema = z.looseObject({
  deliveryId: z.string(),
  status: z.string(),
  attempts: z.number(),
  handledAt: z.string().nullable(),
});
const pageSchema = z.object({ items: z.array(viewSchema), nextCursor: z.string().nullable() });

async function statusOf(directory: string, id: string): Promise<string> {
  return viewSchema.parse(JSON.parse((await run(directory, 'show', id)).out)).status;
}

test('deliveries are listed newest first, beside the running service', async () => {
  const { directory } = await startWithTwo();
  const { code, out, err } = await run(directory, 'list');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const rows = out.split('\n').filter((line) => line.includes('delivery-'));
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatch(/delivery-2 .*rejected.*issues/);
  expect(rows[1]).toMatch(/delivery-1 .*done.*assigned.*acme\/orbit#5/);
  expect((await run(directory)).out).toBe(out);
});

test('with --json the list is what the API answers', async () => {
  const { directory, api } = await startWithTwo();
  const { out } = await run(directory, 'list', '--json');
  expect(JSON.parse(out)).toEqual((await api('/deliveries')).json);
});

test('a list can be of one status, and says when there is nothing', async () => {
  const { directory } = await startWithTwo();
  const listed = async (...args: string[]) =>
    pageSchema
      .parse(JSON.parse((await run(directory, 'list', '--json', ...args)).out))
      .items.map(({ deliveryId }) => deliveryId);
  expect(await listed('--status', 'done')).toEqual(['delivery-1']);
  expect(await listed('--status', 'rejected')).toEqual(['delivery-2']);
  expect(await listed('--limit', '1')).toEqual(['delivery-2']);
  expect((await run(directory, 'list', '--status', 'dead')).out).toBe(
    'There are no such deliveries.\n',
  );
});

test('one delivery is shown as the API shows it', async () => {
  const { directory, api } = await startWithTwo();
  const { code, out } = await run(directory, 'show', 'delivery-1');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual((await api('/deliveries/delivery-1')).json);
});

test('a delivery replayed while the service is down is handled when it starts', async () => {
  const first = await startWithTwo();
  await first.close();
  const { directory } = first;
  expect(await run(directory, 'replay', 'delivery-1')).toEqual({
    code: 0,
    out: 'Delivery delivery-1 is queued again.\n',
    err: '',
  });
  expect(await statusOf(directory, 'delivery-1')).toBe('pending');
  const second = await startService({ directory });
  await second.idle();
  expect(await statusOf(directory, 'delivery-1')).toBe('done');
  expect(second.logs.filter(({ msg }) => msg === 'issue handled')).toHaveLength(1);
});

test('a delivery replayed beside the running service is handled by it, and changes no plan', async () => {
  const { directory, idle, logs, plan } = await startWithTwo();
  const before = await plan('acme/orbit#5');
  await run(directory, 'replay', 'delivery-1');
  await idle();
  expect(await statusOf(directory, 'delivery-1')).toBe('done');
  expect(logs.filter(({ msg }) => msg === 'issue handled')).toHaveLength(2);
  expect(await plan('acme/orbit#5')).toEqual(before);
});

test('a rejected delivery that is replayed is read anew, and rejected again with its bytes kept', async () => {
  const { directory, idle } = await startWithTwo();
  for (let round = 0; round < 2; round += 1) {
    expect((await run(directory, 'replay', 'delivery-2')).code).toBe(0);
    await idle();
    expect(await statusOf(directory, 'delivery-2')).toBe('rejected');
  }
});

test.each([
  ['showing an unknown delivery', ['show', 'nobody'], 1, 'There is no delivery nobody.'],
  ['replaying an unknown delivery', ['replay', 'nobody'], 1, 'There is no delivery nobody.'],
  ['showing no delivery', ['show'], 2, "missing required argument 'id'"],
  ['replaying two deliveries', ['replay', 'a', 'b'], 2, 'too many arguments'],
  ['an unknown status', ['list', '--status', 'lost'], 2, '--status must be one of pending,'],
  [
    'a limit that is no number',
    ['list', '--limit', 'many'],
    2,
    '--limit must be a whole number from 1 to 10000',
  ],
  ['an unknown option', ['list', '--colour'], 2, "unknown option '--colour'"],
  ['an unknown subcommand', ['forget'], 2, 'too many arguments'],
])('%s ends with a sentence and its exit code', async (_name, args, code, message) => {
  const { directory } = await startService();
  const result = await run(directory, ...args);
  expect({ code: result.code, out: result.out }).toEqual({ code, out: '' });
  expect(result.err).toContain(message);
});

test('help goes to the output, not past it', async () => {
  const { directory } = await startService();
  for (const args of [['--help'], ['list', '--help'], ['replay', '--help']]) {
    const { code, out, err } = await run(directory, ...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Usage: mosaic-coordinator deliveries');
  }
});

test('what strangers send cannot steer the terminal', async () => {
  const { directory, send } = await startService();
  const request = signedRequest(issuePayload(), { id: 'delivery-3', event: 'issues' });
  await send(request);
  await send(signedRequest(Buffer.from('{"\u009b2J":1}'), { event: 'issues', id: 'delivery-4' }));
  for (const args of [['list'], ['list', '--json'], ['show', 'delivery-4']]) {
    const { out } = await run(directory, ...args);
    expect(out).toContain('delivery-4');
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
});
