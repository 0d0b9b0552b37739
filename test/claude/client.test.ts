import { expect, test } from 'vitest';
import { z } from 'zod';

import { callDeadlineMs, createClaude } from '../../src/claude/client.ts';
import { createLogger } from '../../src/log.ts';
import { answers, fails, startClaude, type ClaudeScript } from '../support/claude.ts';
import { manualClock } from '../support/clock.ts';

const schema = z.object({ size: z.int().min(1).max(100) });
const request = {
  ...{ model: 'claude-sonnet-5-5', system: 's', user: 'u', answerTokens: 512 },
  ...{ format: schema, schema },
};
const log = createLogger('error', { write: () => undefined });

/** A client with a clock that stands still, and a Claude that follows a script. */
async function openClient(script: ClaudeScript) {
  const server = await startClaude(script);
  const clock = manualClock();
  const claude = createClaude({ apiKey: 'key', baseUrl: server.url, log, now: clock.now });
  let texts = 0;
  /** Each call is about a text of its own. */
  const ask = async (answerTokens = request.answerTokens) => {
    texts += 1;
    const question = { ...request, answerTokens, user: `${request.user} ${texts}` };
    return (await claude.ask(question, new AbortController().signal)).kind;
  };
  return { server, clock, ask, status: claude.status };
}

const html: ClaudeScript = (_call, response) => {
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end('<html>proxy</html>');
};
const htmlAsJson: ClaudeScript = (_call, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('<html>proxy</html>');
};
const emptyRefusal: ClaudeScript = (_call, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const usage = { input_tokens: 10, output_tokens: 0 };
  response.end(JSON.stringify({ content: [], stop_reason: 'refusal', usage }));
};
const stalledBody: ClaudeScript = (_call, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"content":[');
};

/** An answer of 10 MB, most of which nobody reads. */
const endless: ClaudeScript = (_call, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const usage = { input_tokens: 10, output_tokens: 10 };
  const content = [{ type: 'text', text: `{"size":3,"more":"${'x'.repeat(10_000_000)}"}` }];
  response.end(JSON.stringify({ content, stop_reason: 'end_turn', usage }));
};

/** Seconds within which a call ends that need not wait for anybody: less than the shortest Retry-After. */
const atOnce = 3;
/** Seconds within which any call ends, with a little for a slow machine. */
const deadline = 17;

const rows: readonly [name: string, script: ClaudeScript, kind: string, withinSeconds: number][] = [
  ['an answer of the schema', answers({ size: 3 }), 'ok', atOnce],
  ['an answer outside our bounds', answers({ size: 5_000 }), 'invalid', atOnce],
  ['an answer of another type', answers({ size: 'huge' }), 'invalid', atOnce],
  ['half a JSON', answers('{"size":', 'max_tokens'), 'truncated', atOnce],
  ['broken JSON that claims to be whole', answers('{"size":'), 'invalid', atOnce],
  ['an answer of 10 MB', endless, 'invalid', atOnce],
  ['a refusal with text', answers('I cannot', 'refusal'), 'refused', atOnce],
  ['a refusal without content', emptyRefusal, 'refused', atOnce],
  ['HTML sent as JSON', htmlAsJson, 'invalid', atOnce],
  ['HTML sent as HTML', html, 'invalid', atOnce],
  ['429 with 3 s of Retry-After', fails(429, { 'retry-after': '3' }), 'rate_limited', atOnce],
  ['429 with an hour of it', fails(429, { 'retry-after': '3600' }), 'rate_limited', atOnce],
  ['503 with an hour of it', fails(503, { 'retry-after': '3600' }), 'unavailable', atOnce],
  ['529', fails(529), 'unavailable', atOnce],
  ['500', fails(500), 'unavailable', atOnce],
  ['401', fails(401), 'auth', atOnce],
  ['400', fails(400), 'invalid', atOnce],
  ['no answer at all', () => undefined, 'timeout', deadline],
  ['headers and then a stalled body', stalledBody, 'timeout', deadline],
  ['a closed connection', (_call, response) => response.destroy(), 'unavailable', atOnce],
];

test('whatever the server does, a call is made once, ends in time and says how', async () => {
  const ended = await Promise.all(
    rows.map(async ([name, script, , withinSeconds]) => {
      const { server, ask } = await openClient(script);
      const startedAt = performance.now();
      const kind = await ask();
      const inTime = performance.now() - startedAt < withinSeconds * 1000;
      return { name, kind, inTime, calls: server.calls.length };
    }),
  );
  expect(ended).toEqual(rows.map(([name, , kind]) => ({ name, kind, inTime: true, calls: 1 })));
});

test('the deadline of a call and its budget grow with the answer, and both are bounded', async () => {
  expect([512, 572, 1_112, 2_912].map(callDeadlineMs)).toEqual([15_120, 15_720, 21_120, 39_120]);
  const { server, ask } = await openClient(answers({ size: 3 }));
  const budget = async (answerTokens: number) => {
    await ask(answerTokens);
    return server.calls.at(-1)?.['max_tokens'];
  };
  expect(await budget(572)).toBe(572);
  expect(await budget(1_000_000)).toBe(4_096);
});

test('a Claude that is away is left alone for a while, then one call asks for all', async () => {
  const { server, clock, ask, status } = await openClient(fails(529));
  expect(status()).toMatchObject({ pausedUntil: null });
  for (let calls = 0; calls < 4; calls += 1) expect(await ask()).toBe('unavailable');
  expect(server.calls).toHaveLength(2);
  const until = new Date(clock.now() + 15_000).toISOString();
  expect(status()).toMatchObject({ calls: 2, lastOutcome: 'unavailable', pausedUntil: until });

  clock.advance(15_000);
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(Array(3).fill('unavailable'));
  expect(server.calls).toHaveLength(3);

  server.answerWith(answers({ size: 3 }));
  clock.advance(30_000);
  expect(await Promise.all([ask(), ask()])).toEqual(['ok', 'unavailable']);
  expect(status()).toMatchObject({ lastOutcome: 'ok', pausedUntil: null });
  expect(await Promise.all([ask(), ask()])).toEqual(['ok', 'ok']);
  expect(server.calls).toHaveLength(6);
});

test('an unusable answer says nothing about the next text, three in a row do', async () => {
  const { server, ask } = await openClient(html);
  for (let calls = 0; calls < 5; calls += 1) expect(await ask()).toBe('invalid');
  expect(server.calls).toHaveLength(3);
});

test.each([
  ['40', 40],
  ['3600', 60],
  ['-5', 15],
  ['soon', 15],
  ['Infinity', 15],
])('Retry-After: %s pauses for %i s', async (header, seconds) => {
  const { clock, ask, status } = await openClient(fails(429, { 'retry-after': header }));
  await ask();
  const until = new Date(clock.now() + seconds * 1000).toISOString();
  expect(status()).toMatchObject({ pausedUntil: until });
});

test('optional calls that fail pause each other, and no call that somebody waits for', async () => {
  const server = await startClaude(fails(429));
  const claude = createClaude({ apiKey: 'key', baseUrl: server.url, log, now: manualClock().now });
  const { signal } = new AbortController();
  const ask = async (optional: boolean) =>
    (await claude.ask({ ...request, optional }, signal)).kind;
  expect(await ask(true)).toBe('rate_limited');
  expect(await ask(true)).toBe('rate_limited');
  expect(server.calls).toHaveLength(1);
  server.answerWith(answers({ size: 3 }));
  expect(claude.pausedUntil()).toBeUndefined();
  expect(await ask(false)).toBe('ok');
});
