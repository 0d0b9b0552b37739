import { expect, test } from 'vitest';

import { createPatientAsk } from '../../src/claude/patient-ask.ts';
import { createClaude } from '../../src/claude/client.ts';
import { answerFormat, answerSchema } from '../../src/reading/model/answer.ts';
import { createLogger } from '../../src/log.ts';
import { answers, emptyAnswer, fails, startClaude, type ClaudeScript } from '../support/claude.ts';
import { manualClock } from '../support/clock.ts';

/** Asks a Claude that follows a script; time passes only while somebody waits. */
async function open(script: ClaudeScript) {
  const claude = await startClaude(script);
  const { now, advance } = manualClock();
  const log = createLogger('error', { write: () => undefined });
  const client = createClaude({ apiKey: 'key', baseUrl: claude.url, log, now });
  const waits: number[] = [];
  const told: number[] = [];
  const ask = createPatientAsk({
    client,
    onPause: (ms) => told.push(ms),
    now,
    wait: (ms) => {
      waits.push(ms);
      advance(ms);
      return Promise.resolve();
    },
  });
  const about = (user: string, optional = false) =>
    ask(
      {
        ...{ model: 'm', system: '', user, answerTokens: 512, optional },
        ...{ format: answerFormat(['opus']), schema: answerSchema },
      },
      new AbortController().signal,
    );
  return { claude, about, waits, told };
}

test('a pause is waited out, and the text asked about again', async () => {
  const { claude, about, waits, told } = await open((call, response) => {
    const first = claude.calls.length === 1;
    (first ? fails(429, { 'retry-after': '20' }) : answers(emptyAnswer))(call, response);
  });
  expect(await about('a')).toMatchObject({ kind: 'ok' });
  expect({ waits, told }).toEqual({ waits: [20_000], told: [20_000] });
});

test('once a text was asked about in vain nobody waits any more', async () => {
  const { claude, about, waits } = await open(fails(429));
  expect(await about('a')).toMatchObject({ kind: 'rate_limited' });
  expect(waits).toEqual([15_000, 30_000, 60_000]);
  expect(await about('b')).toMatchObject({ kind: 'rate_limited' });
  expect(claude.calls).toHaveLength(4);
  expect(waits).toHaveLength(3);
});

test.each<[string, ClaudeScript]>([
  ['auth', fails(401)],
  ['refused', answers('I would rather not', 'refusal')],
])('what does not pass by itself is not waited for: %s', async (kind, script) => {
  const { about, waits } = await open(script);
  expect(await about('a')).toMatchObject({ kind });
  expect(waits).toEqual([]);
});

test('nobody waits for an optional answer, and its failure ends nobody’s patience', async () => {
  const { claude, about, waits } = await open(fails(529));
  for (const user of ['a', 'b', 'c'])
    expect(await about(user, true)).toMatchObject({ kind: 'unavailable' });
  expect({ waits, calls: claude.calls.length }).toEqual({ waits: [], calls: 2 });
  claude.answerWith(answers(emptyAnswer));
  expect(await about('d')).toMatchObject({ kind: 'ok' });
});
