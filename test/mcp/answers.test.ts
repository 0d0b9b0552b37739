import { expect, test } from 'vitest';

import { StoreUnavailable } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { answered, refusedBy } from '../../src/mcp/answers.ts';

test('a long answer is cut at its end, with a note, and never in the middle of a character', () => {
  expect(answered({ a: 1 })).toEqual({ content: [{ type: 'text', text: '{"a":1}' }] });
  const text = answered('😀'.repeat(20_000)).content[0]?.text ?? '';
  expect(Buffer.byteLength(text)).toBeLessThan(24_100);
  expect(text).not.toContain('\uFFFD');
  expect(text.isWellFormed()).toBe(true);
  expect(text).toContain('[cut: 80002 bytes');
});

test('an error that was thrown is an answer: its own words, or none of what only the log may say', () => {
  const lines: string[] = [];
  const log = createLogger('error', { write: (line) => void lines.push(line) });
  const known = refusedBy(new StoreUnavailable('The store cannot be written'), log);
  expect(known).toMatchObject({ isError: true });
  expect(known.content[0]?.text).toContain('store_unavailable');
  expect(lines).toEqual([]);
  expect(refusedBy(new Error('secret'), log).content[0]?.text).not.toContain('secret');
  expect(lines.join()).toContain('secret');
});
