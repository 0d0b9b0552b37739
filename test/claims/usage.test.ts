import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { readHeartbeat, readStatusLine, UnusableReport } from '../../src/claims/usage.ts';

const vector: unknown = JSON.parse(
  readFileSync(new URL('../fixtures/vectors/claude-code-statusline.json', import.meta.url), 'utf8'),
);

const turn = {
  input_tokens: 8_500,
  output_tokens: 1_200,
  cache_creation_input_tokens: 5_000,
  cache_read_input_tokens: 148_500,
};

test('the status line of Claude Code gives the latest turn, not the sum over the session', () => {
  expect(readStatusLine(vector)).toMatchObject({ used: 162_000, limit: 200_000 });
});

test('the usage of a reply is what the model read: fresh, written to the cache and read from it', () => {
  expect(readHeartbeat({ usage: turn })).toEqual({ used: 162_000, limit: undefined });
});

test.each([
  ['nothing at all', undefined, undefined],
  ['null', null, undefined],
  ['an empty body', {}, undefined],
  ['a limit without usage', { contextLimit: 200_000 }, undefined],
  ['plain figures', { contextUsed: 5, contextLimit: 10 }, { used: 5, limit: 10 }],
  ['no limit', { contextUsed: 5 }, { used: 5, limit: undefined }],
  ['null for what is not known', { contextUsed: 5, contextLimit: null, usage: null }, { used: 5 }],
  ['an agent that has just begun', { contextUsed: 0, contextLimit: 10 }, { used: 0, limit: 10 }],
  ['a reply without a cache', { usage: { input_tokens: 7 } }, { used: 7 }],
  [
    'a cache that is null',
    {
      usage: { input_tokens: 7, cache_creation_input_tokens: null, cache_read_input_tokens: null },
    },
    { used: 7 },
  ],
  ['usage with its limit', { usage: turn, contextLimit: 1_000_000 }, { limit: 1_000_000 }],
  ['both: the raw figure counts', { usage: turn, contextUsed: 1 }, { used: 162_000 }],
  ['a made-up reply without a turn', { usage: { input_tokens: 0 } }, undefined],
  ['the same beside a figure', { usage: { input_tokens: 0 }, contextUsed: 3 }, { used: 3 }],
  ['unknown keys', { contextUsed: 5, mood: 'good', usage: { ...turn, service_tier: 'x' } }, {}],
])('a heartbeat with %s', (_name, body, expected) => {
  const usage = readHeartbeat(body);
  if (expected === undefined) expect(usage).toBeUndefined();
  else expect(usage).toMatchObject(expected);
});

test.each([
  ['the first turn is still to come', { context_window_size: 10, current_usage: null }, undefined],
  [
    'it was compacted and no turn came since',
    { context_window_size: 10, current_usage: null, used_percentage: 0 },
    undefined,
  ],
  [
    'it only has a percentage',
    { context_window_size: 200_000, used_percentage: 81 },
    { used: 162_000, limit: 200_000 },
  ],
  ['the percentage is of an unknown size', { used_percentage: 81 }, undefined],
  ['the size is not known', { current_usage: turn }, { used: 162_000, limit: undefined }],
  ['only sums over the session are there', { total_input_tokens: 1_180_342 }, undefined],
])('a status line when %s', (_name, context_window, expected) => {
  expect(readStatusLine({ context_window })).toEqual(expected);
});

const tokens = 'must be a whole number from 0 to 100000000';
const window = 'must be a whole number from 1 to 100000000';
test.each([
  ['a text', 'full', 'The report must be a JSON object.'],
  ['a list', [], 'The report must be a JSON object.'],
  ['negative usage', { contextUsed: -1 }, `contextUsed ${tokens}.`],
  ['half a token', { contextUsed: 0.5 }, `contextUsed ${tokens}.`],
  ['usage in words', { contextUsed: '5' }, `contextUsed ${tokens}.`],
  ['1e999', { contextUsed: Infinity }, `contextUsed ${tokens}.`],
  ['no number', { contextUsed: NaN }, `contextUsed ${tokens}.`],
  ['more than any window', { contextUsed: 100_000_001 }, `contextUsed ${tokens}.`],
  ['a limit of nothing', { contextUsed: 1, contextLimit: 0 }, `contextLimit ${window}.`],
  ['a negative limit', { contextLimit: -1 }, `contextLimit ${window}.`],
  ['two wrong figures', { contextUsed: -1, contextLimit: 0 }, `contextUsed ${tokens}; contextL`],
  ['a usage without input', { usage: {} }, `usage.input_tokens ${tokens}.`],
  ['a usage in words', { usage: 'a lot' }, 'usage must be the usage object of a reply.'],
  [
    'a negative cache',
    { usage: { input_tokens: 1, cache_read_input_tokens: -5 } },
    `usage.cache_read_input_tokens ${tokens}.`,
  ],
  [
    'parts that are too many together',
    { usage: { input_tokens: 60_000_000, cache_read_input_tokens: 60_000_000 } },
    `usage is 120000000 tokens in all, and ${tokens}.`,
  ],
])('a heartbeat with %s is refused in a sentence', (_name, body, sentence) => {
  const refused = refusal(() => readHeartbeat(body));
  expect(refused).toMatchObject({ code: 'context_invalid' });
  expect(String(refused)).toContain(sentence);
});

test.each([
  [{}, 'context_window is missing: update Claude Code, or report contextUsed in a heartbeat.'],
  [undefined, 'The report must be a JSON object.'],
  [
    { context_window: { context_window_size: -1 } },
    `context_window.context_window_size ${window}.`,
  ],
  [
    { context_window: { current_usage: { input_tokens: -1 } } },
    `context_window.current_usage.input_tokens ${tokens}.`,
  ],
  [
    { context_window: { context_window_size: 10, used_percentage: -5 } },
    'context_window.used_percentage must be a percentage.',
  ],
])('the status line %j is refused in a sentence', (body, message) => {
  expect(refusal(() => readStatusLine(body))).toMatchObject({ code: 'context_invalid', message });
});

test('whatever is sent gives whole numbers of tokens, nothing, or a refusal', () => {
  const number = fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger(), fc.constant(null));
  const part = fc.oneof({ weight: 5, arbitrary: number }, { weight: 1, arbitrary: fc.jsonValue() });
  const usage = fc.record(
    { input_tokens: part, cache_creation_input_tokens: part, cache_read_input_tokens: part },
    { requiredKeys: [] },
  );
  const heartbeat = fc.record(
    { contextUsed: part, contextLimit: part, usage: fc.oneof(usage, fc.jsonValue()) },
    { requiredKeys: [] },
  );
  const window_ = fc.record(
    { context_window_size: part, used_percentage: part, current_usage: usage },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(heartbeat, window_, (body, context_window) => {
      for (const read of [() => readHeartbeat(body), () => readStatusLine({ context_window })]) {
        const found = attempt(read);
        if (found === undefined || found instanceof UnusableReport) continue;
        expect(Number.isInteger(found.used) && found.used >= 0).toBe(true);
        expect(found.limit === undefined || found.limit >= 1).toBe(true);
      }
    }),
  );
});

function attempt<T>(read: () => T): T | UnusableReport {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusableReport) return error;
    throw error;
  }
}

function refusal(read: () => unknown): unknown {
  const found = attempt(read);
  expect(found).toBeInstanceOf(UnusableReport);
  return found;
}
