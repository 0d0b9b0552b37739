import { once } from 'node:events';
import type { Socket } from 'node:net';

import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { connectionLimit, openFilesLimit } from '../../src/http/connections.ts';
import { apiToken, startService, temporaryDirectory, testEnvironment } from '../support/service.ts';
import { logLines, mainArguments, startChild, startedAt } from '../support/process.ts';
import { issuePayload, signedRequest, type SignedRequest } from '../support/recordings.ts';
import { openSocket } from '../support/raw-http.ts';

/** A request that leaves its connection open. */
function keptRequest(path: string, request: Partial<SignedRequest> = {}): Buffer {
  const { headers, body = Buffer.alloc(0) } = request;
  const method = body.length === 0 ? 'GET' : 'POST';
  const lines = Object.entries({ ...headers, host: 'x', 'content-length': String(body.length) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n`), body]);
}

/** Sends on an open connection, and resolves with the head of the answer. */
async function ask(socket: Socket, request: Buffer): Promise<string> {
  socket.write(request);
  const answer: unknown[] = await once(socket, 'data');
  return String(answer[0]);
}

describe('the limit', () => {
  test('leaves descriptors for everything else', () => {
    expect(connectionLimit(undefined)).toBe(1_000);
    expect(connectionLimit(1_048_576)).toBe(1_000);
    expect(connectionLimit(256)).toBe(208);
    expect(connectionLimit(64)).toBe(16);
    expect(connectionLimit(20)).toBe(8);
  });

  test.runIf(process.platform === 'linux')('comes from the system', () => {
    expect(openFilesLimit()).toBeGreaterThan(0);
  });
});

/** Idle limits run on timers of Node, so these wait for the real ones. */
describe('idle connections', () => {
  const delivery = (id: string, event?: string) =>
    signedRequest(issuePayload({ title: id }), { id, ...(event === undefined ? {} : { event }) });

  /** Milliseconds after which Node closes it when nothing comes; 0: never. */
  const limitOf = (sockets: Set<Socket>) => [...sockets].map(({ timeout }) => timeout ?? 0);

  async function open() {
    const service = await startService();
    const sockets = new Set<Socket>();
    service.app.server.on('connection', (socket) => sockets.add(socket));
    return { service, sockets, client: await openSocket(service.url) };
  }

  test.each([
    ['accepted', '/webhook/gitea', undefined],
    ['ignored', '/webhook/gitea?x=1', 'push'],
  ])('one that brought a delivery (%s) has no limit', async (_name, path, event) => {
    const { sockets, client } = await open();
    const first = await ask(client, keptRequest(path, delivery('one', event)));
    expect(first).toMatch(/^HTTP\/1\.1 200 /);
    expect(first).not.toMatch(/connection: close/i);
    expect(limitOf(sockets)).toEqual([0]);
    expect(await ask(client, keptRequest(path, delivery('two', event)))).toMatch(/ 200 /);
    expect(limitOf(sockets)).toEqual([0]);
    client.destroy();
  });

  test('one of a stranger has a short one', async () => {
    const { sockets, client } = await open();
    expect(await ask(client, keptRequest('/livez'))).toMatch(/ 200 /);
    const [limit = 0] = limitOf(sockets);
    expect(limit).toBeGreaterThanOrEqual(10_000);
    expect(limit).toBeLessThan(12_000);
    client.destroy();
  });

  test('a delivery that is refused closes its connection, and says so', async () => {
    const { client } = await open();
    const { body, headers } = delivery('forged');
    const forged = { body, headers: { ...headers, 'x-gitea-signature': '0'.repeat(64) } };
    const closed = once(client, 'close');
    expect(await ask(client, keptRequest('/webhook/gitea', forged))).toMatch(
      / 401 [^]*connection: close/i,
    );
    await closed;
  });
});

const healthSchema = z.object({
  status: z.string(),
  checks: z.looseObject({
    connections: z.object({ open: z.number(), limit: z.number(), refused: z.number() }),
  }),
});

// M5: with few file descriptors (the loader of the sources itself needs more than 128),
// connections failed with no trace.
test.runIf(process.platform === 'linux')(
  'with 400 descriptors and 500 idle connections a delivery still arrives, and refusals are told',
  async () => {
    const directory = temporaryDirectory();
    const child = startChild({
      command: '/bin/sh',
      args: ['-c', 'ulimit -n 400 && exec "$0" "$@"', process.execPath, ...mainArguments],
      environment: testEnvironment(directory),
      directory,
    });
    const url = await startedAt(child);
    const strangers: Socket[] = [];
    for (let index = 0; index < 500; index += 1) {
      const socket = await openSocket(url);
      socket.on('error', () => undefined);
      strangers.push(socket);
      socket.write(keptRequest('/livez'));
    }
    const { headers, body } = signedRequest(issuePayload());
    const send = () =>
      fetch(`${url}/webhook/gitea`, { method: 'POST', headers, body: new Uint8Array(body) });
    expect((await send()).status).toBe(200);
    const reply = await fetch(`${url}/health`, {
      headers: { authorization: `Bearer ${apiToken}` },
    });
    const { checks } = healthSchema.parse(await reply.json());
    expect(checks.connections.limit).toBe(352);
    expect(checks.connections.open).toBeLessThanOrEqual(352);
    for (const socket of strangers) socket.destroy();
    const told = logLines(child.output.stdout).filter(({ msg }) => msg?.includes('too many'));
    expect(told.length > 0).toBe(checks.connections.refused > 0);
  },
  60_000,
);
