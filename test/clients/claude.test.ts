import { expect, test } from 'vitest';
import { z } from 'zod';

import { createClaude } from '../../src/clients/claude.ts';
import { createLogger } from '../../src/log.ts';
import { answers, fails, startClaude, type ClaudeScript } from '../support/claude.ts';

const schema = z.object({ size: z.number() });
const log = createLogger('error', { write: () => undefined });

async function askOnce(script: ClaudeScript) {
  const server = await startClaude(script);
  const claude = createClaude({ apiKey: 'key', baseUrl: server.url, log, now: Date.now });
  const startedAt = performance.now();
  const request = { model: 'claude-sonnet-5-5', system: 's', user: 'u', format: schema, schema };
  const outcome = await claude.ask(request, new AbortController().signal);
  return { outcome, seconds: (performance.now() - startedAt) / 1000, calls: server.calls.length };
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

test.concurrent.each<[string, ClaudeScript, string]>([
  ['an answer of the schema', answers({ size: 3 }), 'ok'],
  ['an answer outside our bounds', answers({ size: 'huge' }), 'invalid'],
  ['half a JSON', answers('{"size":', 'max_tokens'), 'truncated'],
  ['broken JSON that claims to be whole', answers('{"size":'), 'invalid'],
  ['a refusal with text', answers('I cannot', 'refusal'), 'refused'],
  ['a refusal without content', emptyRefusal, 'refused'],
  ['HTML sent as JSON', htmlAsJson, 'invalid'],
  ['HTML sent as HTML', html, 'invalid'],
  ['429 with an hour of Retry-After', fails(429, { 'retry-after': '3600' }), 'rate_limited'],
  ['529', fails(529), 'unavailable'],
  ['500', fails(500), 'unavailable'],
  ['401', fails(401), 'auth'],
  ['400', fails(400), 'invalid'],
  ['no answer at all', () => undefined, 'timeout'],
  ['headers and then a stalled body', stalledBody, 'timeout'],
  ['a closed connection', (_call, response) => response.destroy(), 'unavailable'],
])('%s', async (_name, script, kind) => {
  const { outcome, seconds } = await askOnce(script);
  expect(outcome.kind).toBe(kind);
  expect(seconds).toBeLessThan(17);
});
