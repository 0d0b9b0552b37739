import { expect, test } from 'vitest';

import { readText } from '../../src/reading/read-text.ts';
import { workLimit } from '../../src/reading/work.ts';
import { shapes, type Shape } from '../support/text-shapes.ts';

const longest = 1_000_000;
const context = { agentNames: ['opus'], trackerUrl: 'https://git.example.test' };

function issue(body: string) {
  return { repository: 'acme/orbit', number: 500, title: '', body, bodyCut: false };
}

/**
 * Processor time of reading a text, and whether the reader gave it up. It may take as many steps as a text of
 * the greatest length may, by its share of that length.
 */
function measure(body: string) {
  const share = (workLimit * body.length) / longest;
  const before = process.threadCpuUsage();
  const { unreadable } = readText(issue(body), { ...context, workLimit: share });
  const { user, system } = process.threadCpuUsage(before);
  return { ms: (user + system) / 1000, unreadable };
}

/** Nested deeper than the parser reads: what it leaves out must not count as read. */
const nestedTooDeep = [
  'nested list',
  'list in one line with numbers',
  'deep list',
  'quotes in one line',
  'quotes with spaces',
  'quotes of rising depth',
  'quotes and lists',
];

/**
 * Four times the length may cost nine times as much; with the square of the length it costs sixteen times. The
 * least of several measurements counts, since another process can only make one greater.
 */
function readTwice(name: string, shape: Shape) {
  // A sentence of addresses reaches its limit of 1,500 characters only in longer texts; from there on it is linear.
  const least = /addresses|inline links/.test(name) ? 48 : 12;
  const [short = '', long = ''] = [least, 4 * least].map((kilobytes) => shape(kilobytes * 1024));
  let before = Infinity;
  let after = Infinity;
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    before = Math.min(before, measure(short).ms);
    const { ms, unreadable } = measure(long);
    after = Math.min(after, ms);
    // What takes that little says nothing: a compilation or a collection costs more.
    if (after < Math.max(9 * before, 150)) return { tooDear: undefined, unreadable };
  }
  return { tooDear: `${before.toFixed(0)} ms, then ${after.toFixed(0)} ms`, unreadable: undefined };
}

test.each(Object.entries(shapes))(
  'four times as much costs no more, and is read but for its depth: %s',
  (name, shape) => {
    const unreadable = nestedTooDeep.includes(name) ? 'work' : undefined;
    expect(readTwice(name, shape)).toEqual({ tooDear: undefined, unreadable });
  },
);

test('a text that takes too many steps is unreadable as a whole, the same every time', () => {
  const body = `Difficulty: hard\n\nBlocked by #3.\n\n${'*a'.repeat(2_000)}`;
  const read = (limit: number) => readText(issue(body), { ...context, workLimit: limit });
  expect(read(1_000)).toEqual({
    mentions: [],
    declared: {},
    warnings: [],
    unreadable: 'work',
  });
  expect(read(100_000).mentions).toHaveLength(1);
  const enough = [...Array(100_000).keys()].find(
    (limit) => limit % 500 === 0 && read(limit).unreadable === undefined,
  );
  expect(read((enough ?? 0) - 500).unreadable).toBe('work');
});

test('a reference link leaves the words behind it where they are', () => {
  const body = '[a]: /u\n\nSee [a]. Blocked by #2. And [x](/y).';
  expect(readText(issue(body), context).mentions).toMatchObject([
    { number: 2, evidence: 'Blocked by #2', sentence: 'Blocked by #2.' },
  ]);
});

test.each([
  '[a]: /u\n\n[b][a] [a][] [a]: Blocked by #2.',
  '![a](/u "t") Blocked by #2.',
  '[![a](/u)](/v) Blocked by #2.',
  '[a](</u v> "Blocked by #2.") Blocked by #2.',
  '<http://a.test/%41?b=%5D> Blocked by #2.',
  '**[a](/u)** `[b](c` Blocked by #2.',
  '[a](/u(v)w) \\[b](c) Blocked by #2.',
  '[Blocked by](/u) and [a](/u) Blocked by #2.',
])('the words that decided are quoted as they stand: %s', (body) => {
  const last = readText(issue(body), context).mentions.at(-1);
  expect(last?.number).toBe(2);
  expect(last?.evidence).toMatch(/^(?:Blocked by|Blocked by\S* and \S+ Blocked by) #2$/);
});
