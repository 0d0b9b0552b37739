import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { keysOf, verifySignature } from '../../src/webhook/signature.ts';
import { issuePayload, recordedSecret, signedRequest } from '../support/recordings.ts';
import { startService } from '../support/service.ts';
import { exchange, requestHead } from '../support/raw-http.ts';

const previousSecret = 'the-secret-of-last-year';
const secrets = { current: recordedSecret, previous: previousSecret };
const body = Buffer.from(JSON.stringify(issuePayload()));

function hmac(secret: string, bytes = body, algorithm = 'sha256'): string {
  return createHmac(algorithm, secret).update(bytes).digest('hex');
}

const good = hmac(recordedSecret);
const old = hmac(previousSecret);
const foreign = hmac('a-secret-nobody-set-here');
const sha1 = hmac(recordedSecret, body, 'sha1');
const gitea = 'x-gitea-signature';
const forgejo = 'x-forgejo-signature';
const hub = 'x-hub-signature-256';

const accepted: [string, Record<string, string>, 'current' | 'previous'][] = [
  ['the header of Gitea', { [gitea]: good }, 'current'],
  ['the header of Forgejo', { [forgejo]: good }, 'current'],
  ['the header of GitHub', { [hub]: `sha256=${good}` }, 'current'],
  ['all headers', { [gitea]: good, [forgejo]: good, [hub]: `sha256=${good}` }, 'current'],
  ['the header of Gitea, previous secret', { [gitea]: old }, 'previous'],
  ['the header of Forgejo, previous secret', { [forgejo]: old }, 'previous'],
  ['the header of GitHub, previous secret', { [hub]: `sha256=${old}` }, 'previous'],
  ['all headers, previous secret', { [gitea]: old, [hub]: `sha256=${old}` }, 'previous'],
  [
    'headers that are not looked at beside a right one',
    { [gitea]: good, 'x-hub-signature': `sha1=${'0'.repeat(40)}`, 'x-gogs-signature': foreign },
    'current',
  ],
];

const refused: [string, Record<string, string>][] = [
  ['no header', {}],
  ['an empty header of Gitea', { [gitea]: '' }],
  ['an empty header of Forgejo', { [forgejo]: '' }],
  ['an empty header of GitHub', { [hub]: '' }],
  ['a header of GitHub with nothing behind the prefix', { [hub]: 'sha256=' }],
  ['both empty, as of a hook without secret', { [gitea]: '', [hub]: 'sha256=' }],
  ['an empty header beside a right one', { [gitea]: good, [hub]: 'sha256=' }],
  ['a short one', { [gitea]: good.slice(0, 8) }],
  ['one truncated to 128 bits', { [gitea]: good.slice(0, 32) }],
  ['one truncated by a digit', { [gitea]: good.slice(0, 63) }],
  ['one truncated by a digit, GitHub', { [hub]: `sha256=${good.slice(0, 63)}` }],
  ['one longer by a digit', { [gitea]: `${good}0` }],
  ['upper-case digits', { [gitea]: good.toUpperCase() }],
  ['upper-case digits, GitHub', { [hub]: `sha256=${good.toUpperCase()}` }],
  ['an upper-case prefix', { [hub]: `SHA256=${good}` }],
  ['a prefix at Gitea', { [gitea]: `sha256=${good}` }],
  ['a prefix at Forgejo', { [forgejo]: `sha256=${good}` }],
  ['no prefix at GitHub', { [hub]: good }],
  ['another prefix at GitHub', { [hub]: `sha1=${good}` }],
  ['a blank inside', { [gitea]: `${good.slice(0, 32)} ${good.slice(32)}` }],
  ['two values joined', { [gitea]: `${good}, ${good}` }],
  ['no hex', { [gitea]: 'z'.repeat(64) }],
  ['hex with one other letter', { [gitea]: `${good.slice(0, 63)}g` }],
  ['base64', { [gitea]: Buffer.from(good, 'hex').toString('base64') }],
  ['all zeros', { [gitea]: '0'.repeat(64) }],
  ['a wrong secret', { [gitea]: foreign }],
  ['a wrong secret, GitHub', { [hub]: `sha256=${foreign}` }],
  ['headers that disagree, the first right', { [gitea]: good, [hub]: `sha256=${foreign}` }],
  ['headers that disagree, the last right', { [gitea]: foreign, [hub]: `sha256=${good}` }],
  ['headers of two secrets, each right', { [gitea]: good, [forgejo]: old }],
  ['SHA-1 only', { 'x-hub-signature': `sha1=${sha1}` }],
  ['SHA-1 in the header of SHA-256', { [hub]: `sha256=${sha1}` }],
  ['the header of Gogs only', { 'x-gogs-signature': good }],
  ['the hash without a key', { [gitea]: hmac('') }],
];

describe('verifySignature', () => {
  test.each(accepted)('accepts %s and says which secret matched', (_name, headers, secret) => {
    expect(verifySignature(body, headers, keysOf(secrets))).toMatchObject({ valid: true, secret });
  });

  test.each(refused)('refuses %s', (_name, headers) => {
    expect(verifySignature(body, headers, keysOf(secrets))).toMatchObject({ valid: false });
  });

  test('refuses the previous secret when there is none', () => {
    const without = { current: recordedSecret };
    expect(verifySignature(body, { [gitea]: old }, keysOf(without))).toMatchObject({
      valid: false,
    });
  });

  test('refuses a right signature when one byte of the body differs', () => {
    const changed = Buffer.from(body);
    changed[10] = (changed[10] ?? 0) ^ 1;
    expect(verifySignature(changed, { [gitea]: good }, keysOf(secrets))).toMatchObject({
      valid: false,
    });
  });

  test('refuses a header that arrives as a list', () => {
    const headers: IncomingHttpHeaders = { [gitea]: [good, good] };
    expect(verifySignature(body, headers, keysOf(secrets))).toMatchObject({ valid: false });
  });

  test('agrees with the vector GitHub publishes', () => {
    const signature = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const headers = { [hub]: `sha256=${signature}` };
    const published = { current: "It's a Secret to Everybody" };
    expect(verifySignature(Buffer.from('Hello, World!'), headers, keysOf(published))).toEqual({
      valid: true,
      secret: 'current',
    });
  });

  test('never throws, and lets only the right value of a header pass', () => {
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[0-9a-f]{64}$/),
      fc.stringMatching(/^(sha256=)?[0-9a-fA-F]{0,70}$/),
      fc.constantFrom(good, good.toUpperCase(), `sha256=${good}`, `${good}\n`, ` ${good}`),
      fc.array(fc.constantFrom(good, '')),
      fc.constant(undefined),
    );
    fc.assert(
      fc.property(value, value, value, (one, two, three) => {
        const headers: Record<string, string | string[] | undefined> = {
          [gitea]: one,
          [forgejo]: two,
          [hub]: three,
        };
        const right =
          (one === undefined || one === good) &&
          (two === undefined || two === good) &&
          (three === undefined || three === `sha256=${good}`) &&
          [one, two, three].some((given) => given !== undefined);
        expect(verifySignature(body, headers, keysOf({ current: recordedSecret })).valid).toBe(
          right,
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

const wycheproof = z
  .object({
    testGroups: z.array(
      z.object({
        tagSize: z.number(),
        tests: z.array(
          z.object({
            tcId: z.number(),
            key: z.string(),
            msg: z.string(),
            tag: z.string(),
            result: z.enum(['valid', 'invalid']),
          }),
        ),
      }),
    ),
  })
  .parse(
    JSON.parse(
      readFileSync(
        new URL('../fixtures/vectors/wycheproof-hmac-sha256.json', import.meta.url),
        'utf8',
      ),
    ),
  );

const vectors = wycheproof.testGroups.flatMap(({ tagSize, tests }) =>
  tests.map((vector) => ({ ...vector, tagSize })),
);

describe('the vectors of Wycheproof', () => {
  test('are 174', () => {
    expect(vectors).toHaveLength(174);
  });

  test.each(vectors)('case $tcId, $result, $tagSize bits', ({ key, msg, tag, tagSize, result }) => {
    const current = Buffer.from(key, 'hex');
    const message = Buffer.from(msg, 'hex');
    const { valid } = verifySignature(message, { [gitea]: tag }, keysOf({ current }));
    expect(valid).toBe(result === 'valid' && tagSize === 256);
    // A truncated tag is refused even where its vector calls it valid; what it was cut from is right.
    if (result === 'valid') {
      const full = createHmac('sha256', current).update(message).digest('hex');
      expect(full.startsWith(tag)).toBe(true);
      expect(verifySignature(message, { [gitea]: full }, keysOf({ current })).valid).toBe(true);
    }
  });
});

describe('over HTTP', () => {
  const identity = { 'content-type': 'application/json', 'x-gitea-event': 'issues' };

  test('every refused row is answered 401 with a code and a text, and nothing is stored', async () => {
    const service = await startService({ env: { GITEA_WEBHOOK_SECRET_PREVIOUS: previousSecret } });
    for (const [name, headers] of refused) {
      const { status, json } = await service.send({ body, headers: { ...identity, ...headers } });
      expect([name, status, json]).toEqual([
        name,
        401,
        { error: { code: 'signature_invalid', message: 'The signature is missing or wrong.' } },
      ]);
    }
    expect((await service.api('/deliveries')).json).toEqual({ items: [], nextCursor: null });
    expect(service.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('every accepted row is answered 200, and the log says which secret matched', async () => {
    const service = await startService({ env: { GITEA_WEBHOOK_SECRET_PREVIOUS: previousSecret } });
    for (const [index, [, headers, secret]] of accepted.entries()) {
      const id = `row-${index}`;
      const sent = { ...identity, ...headers, 'x-gitea-delivery': id };
      expect(await service.send({ body, headers: sent })).toMatchObject({ status: 200 });
      expect(service.logs.find(({ delivery }) => delivery === id)).toMatchObject({ secret });
    }
  });

  test.each([gitea, forgejo])('a doubled header %s is refused', async (name) => {
    const service = await startService();
    const head = (values: string[]) =>
      requestHead('POST', [
        ['Content-Type', 'application/json'],
        ['Content-Length', String(body.length)],
        ['X-Gitea-Event', 'issues'],
        ...values.map((value): [string, string] => [name, value]),
      ]);
    expect(await exchange(service.url, head([good]), body)).toMatchObject({ status: 200 });
    expect(await exchange(service.url, head([good, good]), body)).toMatchObject({ status: 401 });
    expect(await exchange(service.url, head([good, foreign]), body)).toMatchObject({ status: 401 });
    expect(await exchange(service.url, head([foreign, good]), body)).toMatchObject({ status: 401 });
  });

  test('a doubled header of GitHub is refused', async () => {
    const service = await startService();
    const { headers } = signedRequest(body);
    const head = requestHead('POST', [
      ...Object.entries(headers),
      ['Content-Length', String(body.length)],
      ['X-Hub-Signature-256', `sha256=${good}`],
    ]);
    expect(await exchange(service.url, head, body)).toMatchObject({ status: 401 });
  });
});
