import { expect, test } from 'vitest';

import { checkModel, type ModelCheck } from '../../src/claude/client.ts';
import { fails, startClaude, type ClaudeScript } from '../support/claude.ts';

const never = new AbortController().signal;

/** Answers with this status and this JSON. */
function says(status: number, body: unknown): ClaudeScript {
  return (_call, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

const unknownModel = { type: 'error', error: { type: 'not_found_error', message: 'model: x' } };
const html = '<html>proxy</html>';

const cases: readonly {
  what: string;
  script: ClaudeScript;
  kind: ModelCheck['kind'];
  cause?: string;
}[] = [
  { what: 'a count', script: says(200, { input_tokens: 9 }), kind: 'known' },
  { what: 'an unknown model', script: says(404, unknownModel), kind: 'unknown_model' },
  { what: 'the 404 of a proxy', script: says(404, html), kind: 'invalid', cause: 'status 404' },
  { what: 'a page', script: says(200, html), kind: 'invalid' },
  { what: 'something else', script: says(200, { hello: 1 }), kind: 'invalid' },
  { what: 'a wrong key', script: fails(401), kind: 'auth', cause: 'status 401' },
  { what: 'no credit', script: fails(402), kind: 'auth', cause: 'status 402' },
  { what: 'a used-up rate', script: fails(429), kind: 'rate_limited', cause: 'status 429' },
  { what: 'overload', script: fails(529), kind: 'unavailable', cause: 'status 529' },
  { what: 'a closed line', script: (_call, response) => response.destroy(), kind: 'unavailable' },
];

test.for(cases)('$what: $kind', async ({ script, kind, cause }) => {
  const server = await startClaude(script);
  const model = { apiKey: 'key', baseUrl: server.url, model: 'claude-x' };
  const found = await checkModel(model, never);
  expect(found.kind).toBe(kind);
  if (cause !== undefined) expect(found.cause).toBe(cause);
  expect(server.calls).toMatchObject([{ model: 'claude-x' }]);
});

test('nobody listens: the code of the system is told; an abort is thrown', async () => {
  const model = { apiKey: 'key', baseUrl: 'http://127.0.0.1:2', model: 'claude-x' };
  expect(await checkModel(model, never)).toEqual({ kind: 'unavailable', cause: 'ECONNREFUSED' });
  await expect(checkModel(model, AbortSignal.abort())).rejects.toThrow();
});
