import { expect, test } from 'vitest';
import { z } from 'zod';

import { apiToken, type ServiceOptions } from '../../support/service.ts';
import { startVerifying } from '../../support/verifying.ts';
import { startWork } from '../../support/work.ts';
import { workerTokens } from '../../support/workers.ts';
import { codesOf, exampleOf, readDescription, type Described } from './document.ts';

const errorSchema = z.object({ error: z.object({ code: z.string() }) });
const verifier = 'token-of-the-verifier-1';

/** A value of each parameter that a route may need. */
const values: Readonly<Record<string, string>> = {
  owner: 'acme',
  repo: 'orbit',
  number: '1',
  service: 'git-upload-pack',
};

interface Sent {
  /** In place of the parameters of the path that are ids. */
  readonly id?: string;
  readonly withHeaders: boolean;
  readonly body?: string;
}

async function send(url: string, [route, described]: readonly [string, Described], sent: Sent) {
  const [method = '', path = ''] = route.split(' ');
  const { parameters, requestBody } = described;
  const target = new URL(
    path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? sent.id ?? 'x'),
    url,
  );
  for (const { name, in: where } of parameters)
    if (where === 'query' && values[name] !== undefined)
      target.searchParams.set(name, values[name]);
  const isVerifiers = described.tags[0] === 'Verifiers';
  const [type = 'application/json'] = Object.keys(requestBody?.content ?? {});
  return fetch(target, {
    method,
    headers: {
      authorization: `Bearer ${isVerifiers ? verifier : apiToken}`,
      ...(method === 'POST' ? { 'content-type': type } : {}),
      ...(sent.withHeaders
        ? Object.fromEntries(
            parameters
              .filter(({ in: where }) => where === 'header')
              .map(({ name }) => [name, 'a'.repeat(64)]),
          )
        : {}),
    },
    ...(sent.body === undefined || method === 'GET' ? {} : { body: sent.body }),
  });
}

/** Calls every route in many ways; returns the refusals that came, and the answers that are not described. */
async function callAll(url: string) {
  const { routes } = await readDescription(url);
  const wrong: string[] = [];
  const refusals = new Set<string>();
  const wrongExamples: string[] = [];
  for (const [route, described] of routes) {
    const body = exampleOf(described) ?? '{}';
    const calls: readonly Sent[] = [
      { withHeaders: false },
      { withHeaders: true },
      { withHeaders: true, body },
      { withHeaders: false, body },
      { withHeaders: true, body: '[1' },
      { withHeaders: true, body: '{"nobody":"knows"}' },
      { withHeaders: true, id: 'x'.repeat(200), body },
    ];
    for (const sent of calls) {
      const reply = await send(url, [route, described], sent);
      const text = await reply.text();
      const said = `${route}: ${reply.status} ${text.slice(0, 200)}`;
      if (described.responses[reply.status] === undefined || reply.status === 500) wrong.push(said);
      if (
        sent.withHeaders &&
        sent.body === body &&
        sent.id === undefined &&
        [400, 422].includes(reply.status)
      )
        wrongExamples.push(said);
      if (reply.status < 400) continue;
      const code = errorSchema.safeParse(JSON.parse(text)).data?.error.code ?? '';
      refusals.add(`${reply.status} ${code}`);
      if (!codesOf(described, reply.status).includes(code)) wrong.push(said);
    }
  }
  return { wrong, wrongExamples, refusals };
}

// A header that a handler reads and its schema does not name is a 500.
test.each([
  [
    'that verifies nothing',
    (options: ServiceOptions) => startWork(options),
    '409 verification_off',
  ],
  [
    'that verifies',
    async (options: ServiceOptions) => (await startVerifying(options)).service,
    '409 stale_lease',
  ],
] as const)('a service %s answers only with what is described', async (_kind, start, refusal) => {
  const service = await start({
    env: { API_TOKENS: `tests:${apiToken},judge:verifier:${verifier},${workerTokens}` },
  });
  const { wrong, wrongExamples, refusals } = await callAll(service.url);
  expect(wrong).toEqual([]);
  expect(wrongExamples).toEqual([]);
  // The calls came past the checks before the handlers.
  for (const one of [
    '400 invalid_request',
    '403 claim_token_invalid',
    '414 invalid_request',
    refusal,
  ])
    expect(refusals).toContain(one);
});
