import { BroadcastChannel } from 'node:worker_threads';

import { expect, onTestFinished, test } from 'vitest';

import { readText } from '../../src/reading/read-text.ts';
import { createTextReader, isLongText } from '../../src/reading/text-reader.ts';

const context = { agentNames: ['opus'], trackerUrl: 'https://git.example.test' };
const signal = new AbortController().signal;

function issue(body: string, number = 20) {
  return { repository: 'acme/orbit', number, title: 'Some title', body, bodyCut: false };
}

const words = (count: number) =>
  `Difficulty: hard\n\n${'Some words. '.repeat(count)}\n\nBlocked by #3.`;
const short = issue('Blocked by #3.');
const usual = issue(words(800));
const long = issue(words(8_000));

test('a text is long from 64 KB on', () => {
  expect([short, usual, long].map(isLongText)).toEqual([false, false, true]);
});

test.each([
  ['short', short],
  ['usual', usual],
  ['long', long],
])('a %s text is read in full', async (_name, text) => {
  const reading = await createTextReader(context)(text, signal);
  expect(reading).toEqual(readText(text, context));
  expect(reading.mentions.map(({ number }) => number)).toEqual([3]);
});

test.each([
  ['short', short],
  ['usual', usual],
  ['long', long],
])('a %s text is checked against the known issues', async (_name, text) => {
  const read = createTextReader(context);
  const titled = { ref: 'acme/orbit#4', title: 'COORD-004' };
  const verdicts = async (...known: readonly { ref: string; title: string }[]) =>
    (await read(text, signal, known)).mentions.map(({ verdict }) => verdict);
  expect(await verdicts(titled)).toEqual([{ kind: 'ruled_out', reason: 'unknown_target' }]);
  expect(await verdicts(titled, { ref: 'acme/orbit#3', title: 'x' })).toEqual([
    { kind: 'dependency', direction: 'blocked_by', form: 'phrase' },
  ]);
});

test.each([
  ['short', short],
  ['usual', usual],
  ['long', long],
])('the codes of a %s text name what they are known to name', async (_name, text) => {
  const body = text.body.replace('#3', 'COORD-005');
  const known = { carriers: new Map([['COORD-005', [7]]]), titled: new Set<number>() };
  const reading = await createTextReader(context)({ ...text, body, known }, signal);
  expect(reading.mentions.map(({ number }) => number)).toEqual([7]);
});

test('nothing of a text whose thread hangs counts: it is unreadable', async () => {
  const { entry } = slowThread();
  const read = createTextReader({ ...context, entry, deadlineMs: 1 });
  const reading = await read(long, signal);
  expect(reading).toEqual({ mentions: [], declared: {}, warnings: [], unreadable: 'time' });
});

test('a text whose thread breaks is unreadable, and the next one gets another thread', async () => {
  const entry = new URL('../support/breaking-thread.ts', import.meta.url);
  const read = createTextReader({ ...context, entry });
  expect((await read(issue(`break ${words(800)}`), signal)).unreadable).toBe('failed');
  expect((await read(usual, signal)).mentions.map(({ number }) => number)).toEqual([3]);
});

test('other texts are read while a long one is being read', async () => {
  const { entry, answer, asked } = slowThread();
  const read = createTextReader({ ...context, entry });
  const reading = read(long, signal);
  await asked;
  const other = createTextReader(context);
  expect((await read(short, signal)).mentions).toHaveLength(1);
  expect((await other(usual, signal)).mentions).toHaveLength(1);
  answer();
  expect((await reading).mentions).toHaveLength(1);
});

test('stopping the service stops the reading', async () => {
  const { entry, asked } = slowThread();
  const read = createTextReader({ ...context, entry });
  const stopping = new AbortController();
  const reading = read(long, stopping.signal);
  const waiting = read(long, stopping.signal);
  await asked;
  stopping.abort();
  await expect(reading).rejects.toThrow(/abort/i);
  await expect(waiting).rejects.toThrow(/abort/i);
  await expect(read(long, stopping.signal)).rejects.toThrow(/abort/i);
});

/** A thread that answers when it is told to. */
function slowThread() {
  const channel = new BroadcastChannel('slow-thread');
  onTestFinished(() => channel.close());
  const asked = new Promise<void>((resolve) => {
    channel.onmessage = ({ data }: { readonly data: unknown }) => {
      if (data === 'asked') resolve();
    };
  });
  return {
    entry: new URL('../support/slow-thread.ts', import.meta.url),
    asked,
    answer: () => channel.postMessage('answer'),
  };
}
