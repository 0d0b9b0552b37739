import { expect, test } from 'vitest';

import { readText } from '../../src/reading/read-text.ts';
import { createTextReader } from '../../src/reading/text-thread.ts';

const context = { agentNames: ['opus'], trackerUrl: 'https://git.example.test' };
const signal = new AbortController().signal;

function issue(body: string) {
  return { repository: 'acme/orbit', number: 20, title: 'Some title', body, bodyCut: false };
}

const short = issue('Blocked by #3.');
const long = issue(`Difficulty: hard\n\n${'Some words. '.repeat(8_000)}\n\nBlocked by #3.`);

test.each([
  ['short', short],
  ['long', long],
])('a %s text is read in full', async (_name, text) => {
  const reading = await createTextReader(context)(text, signal);
  expect(reading).toEqual(readText(text, context));
  expect(reading.mentions.map(({ number }) => number)).toEqual([3]);
});

test.each([
  ['short', short],
  ['long', long],
])('a %s text is checked against the known issues', async (_name, text) => {
  const titled = { ref: 'acme/orbit#4', title: 'COORD-004' };
  const verdicts = async (...known: readonly { ref: string; title: string }[]) =>
    (await createTextReader({ ...context, known })(text, signal)).mentions.map(
      ({ verdict }) => verdict,
    );
  expect(await verdicts(titled)).toEqual([{ kind: 'ruled_out', reason: 'unknown_target' }]);
  expect(await verdicts(titled, { ref: 'acme/orbit#3', title: 'x' })).toEqual([
    { kind: 'dependency', direction: 'blocked_by' },
  ]);
});

test.each([
  ['short', short],
  ['long', long],
])('the codes of a %s text name what they are known to name', async (_name, text) => {
  const body = text.body.replace('#3', 'COORD-005');
  const known = { carriers: new Map([['COORD-005', [7]]]), titled: new Set<number>() };
  const reading = await createTextReader(context)({ ...text, body, known }, signal);
  expect(reading.mentions.map(({ number }) => number)).toEqual([7]);
});

test('beyond the deadline only the template lines are read, with a warning', async () => {
  const reading = await createTextReader({ ...context, deadlineMs: 0 })(long, signal);
  expect(reading.mentions).toEqual([]);
  expect(reading.declared.difficulty?.value).toBe('high');
  expect(reading.warnings.map(({ code }) => code)).toEqual(['text_not_parsed']);
});

test('stopping the service stops the reading', async () => {
  const stopping = new AbortController();
  const reading = createTextReader({ ...context, longFrom: 0 })(short, stopping.signal);
  stopping.abort();
  await expect(reading).rejects.toThrow(/abort/i);
  await expect(
    createTextReader({ ...context, longFrom: 0 })(short, stopping.signal),
  ).rejects.toThrow(/abort/i);
});
