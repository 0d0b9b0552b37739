import { expect, test } from 'vitest';
import { viewWarning } from '../../src/issue/plan.ts';
import { warningText } from '../../src/issue/warning-sentences.ts';
import { z } from 'zod';

import { createClaude } from '../../src/claude/client.ts';
import { createReader, type ClaudeDeps } from '../../src/reading/reader.ts';
import { systemPrompt } from '../../src/reading/model/question.ts';
import { readText } from '../../src/reading/read-text.ts';
import type { IssueText, Reading } from '../../src/issue/reading.ts';
import { createLogger } from '../../src/log.ts';
import { recallAnswer, rememberAnswer } from '../../src/claude/answers.ts';
import { answers, emptyAnswer, fails, startClaude, type ClaudeScript } from '../support/claude.ts';
import { manualClock } from '../support/clock.ts';
import { openTestDatabase } from '../support/database.ts';
import { issuePayload, signedRequest } from '../support/recordings.ts';
import { startService, temporaryDirectory } from '../support/service.ts';

const issue: IssueText = {
  repository: 'acme/orbit',
  number: 5,
  title: 'Rewrite the parser',
  body: 'Pointless until #7 is there.',
  bodyCut: false,
};
const goodAnswer = {
  ...emptyAnswer,
  estimated_context_tokens: 30_000,
  estimated_difficulty: 'high',
  relations: [{ ref: '#7', relation: 'blocked_by', sentences: [2] }],
};
const unusable = 'Claude sent an answer that cannot be used.';

function without(field: string) {
  return Object.fromEntries(Object.entries(goodAnswer).filter(([name]) => name !== field));
}

const longBody = 'x'.repeat(40_000);

const refusingFirst: ClaudeScript = (call, response) => {
  const script =
    call.model === 'first' ? answers('I cannot read this', 'refusal') : answers(goodAnswer);
  script(call, response);
};

interface ReaderOptions {
  readonly model?: string;
  readonly fallbackModel?: string;
  readonly agentNames?: readonly string[];
  readonly asksAgain?: boolean;
  readonly secondOpinion?: boolean;
  readonly describe?: NonNullable<ClaudeDeps['describe']>;
}

/** A reader with the real client, a Claude that follows a script, and a real database. */
async function openReader(script: ClaudeScript) {
  const claude = await startClaude(script);
  const log = createLogger('error', { write: () => undefined });
  const clock = manualClock();
  const client = createClaude({ apiKey: 'key', baseUrl: claude.url, log, now: clock.now });
  const { db } = await openTestDatabase();

  function readerWith({ agentNames = ['opus', 'haiku'], ...options }: ReaderOptions = {}) {
    return createReader({
      agentNames,
      readText: (text) => Promise.resolve(readText(text, { agentNames })),
      claude: {
        model: 'first',
        fallbackModel: 'second',
        secondOpinion: false,
        asksAgain: true,
        ...options,
        ask: client.ask,
        recall: (key) => recallAnswer(db, key),
        remember: (key, answer) => rememberAnswer(db, key, answer, Date.now()),
      },
    });
  }
  const read = (text: IssueText = issue, options: ReaderOptions = {}) =>
    readerWith(options)(text, new AbortController().signal);
  const models = () => claude.calls.map(({ model }) => model);
  return { claude, clock, read, models };
}

test('an unchanged text costs no second call, whichever issue it stands in', async () => {
  const { read, models } = await openReader(answers(goodAnswer));
  const first = await read();
  expect(first).toMatchObject({ outcome: 'complete', model: 'first', reason: null });
  expect(await read()).toEqual(first);
  await read({ ...issue, number: 6, repository: 'acme/other' });
  expect(models()).toEqual(['first']);
});

test.each<[string, Partial<IssueText>, ReaderOptions]>([
  ['title', { title: 'Rewrite the lexer' }, {}],
  ['body', { body: 'Pointless until #7 is there!' }, {}],
  ['model', {}, { model: 'third' }],
  ['list of agents', {}, { agentNames: ['opus'] }],
])('another %s is another call', async (_name, changes, options) => {
  const { read, models } = await openReader(answers(goodAnswer));
  await read();
  await read({ ...issue, ...changes }, options);
  expect(models()).toHaveLength(2);
});

test('a change that the model is not shown is no other call', async () => {
  const { read, models } = await openReader(answers(goodAnswer));
  await read();
  await read({ ...issue, body: `${issue.body}<!-- a note to ourselves -->` });
  expect(models()).toHaveLength(1);
});

test.each<[string, ClaudeScript, string]>([
  ['529', fails(529), 'Claude could not be reached.'],
  ['429', fails(429, { 'retry-after': '3600' }), 'Claude takes no more calls for now.'],
  ['401', fails(401), 'Claude refused the key: check ANTHROPIC_API_KEY.'],
  ['half an answer', answers('{"files":', 'max_tokens'), 'The answer of Claude was cut off.'],
  ['no JSON', answers('Sure! {'), unusable],
  ['nothing of what was asked', answers({ result: 'ok' }), unusable],
  ...Object.keys(emptyAnswer).map((field): [string, ClaudeScript, string] => [
    `no ${field}`,
    answers(without(field)),
    unusable,
  ]),
  ['no list of relations', answers({ ...goodAnswer, relations: null }), unusable],
])('a failure (%s) says so and is not kept', async (_name, script, reason) => {
  const { claude, clock, read } = await openReader(script);
  const failed = await read();
  expect(failed).toMatchObject({ outcome: 'fallback', model: null, reason });
  expect(failed.difficulty.source).toBe('default');
  expect(failed.warnings.map(viewWarning)).toContainEqual({
    code: 'read_without_claude',
    text: `Read without Claude: ${reason} It is asked again later.`,
  });
  claude.answerWith(answers(goodAnswer));
  clock.advance(60_000);
  expect(await read()).toMatchObject({ outcome: 'complete' });
  expect(claude.calls).toHaveLength(2);
});

test('a text the model refuses is read by the fallback model, and that costs no further calls', async () => {
  const { read, models } = await openReader(refusingFirst);
  const reading = await read();
  expect(reading).toMatchObject({ outcome: 'complete', model: 'second' });
  expect(await read()).toEqual(reading);
  expect(models()).toEqual(['first', 'second']);
});

test('an answer the model once gave as the fallback does not stand for it as the first model', async () => {
  const { read, models } = await openReader(refusingFirst);
  await read();
  await read(issue, { model: 'second', fallbackModel: 'first' });
  expect(models()).toEqual(['first', 'second', 'second']);
});

test('a text both models refuse falls back after one call to each', async () => {
  const { read, models } = await openReader(answers('no', 'refusal'));
  const reason = 'Claude declined to read this text.';
  expect(await read()).toMatchObject({ outcome: 'fallback', model: null, reason });
  expect(models()).toEqual(['first', 'second']);
});

test('when the fallback model fails otherwise, that is the reason', async () => {
  const { read } = await openReader((call, response) => {
    const script = call.model === 'first' ? answers('no', 'refusal') : fails(529);
    script(call, response);
  });
  expect(await read()).toMatchObject({ reason: 'Claude could not be reached.' });
});

test('a kept answer reads the same, the warning about a long text included', async () => {
  const { read, models } = await openReader(answers(goodAnswer));
  const long = { ...issue, body: longBody };
  const reading = await read(long);
  expect(reading.warnings).toContainEqual(expect.objectContaining({ code: 'model_text_cut' }));
  expect(await read(long)).toEqual(reading);
  expect(models()).toEqual(['first']);
});

test('what is kept of an answer is what stands in the text, so that a kept answer reads the same', async () => {
  const { read } = await openReader(
    answers({
      ...goodAnswer,
      relations: [
        ...goodAnswer.relations,
        { ref: '#99', relation: 'blocked_by', sentences: [2] },
        { ref: '#7', relation: 'blocks', sentences: [99] },
      ],
    }),
  );
  const reading = await read();
  expect(reading.dependencies.map(({ number }) => number)).toEqual([7]);
  expect(await read()).toEqual(reading);
});

test('where Claude is not asked again a failure does not promise it', async () => {
  const { read } = await openReader(fails(529));
  const { warnings } = await read(issue, { asksAgain: false });
  expect(warnings.map(warningText)).toContain('Read without Claude: Claude could not be reached.');
});

test('a call that is broken off throws and leaves no reading', async () => {
  const stopping = new AbortController();
  const { claude } = await openReader(() => undefined);
  claude.answerWith(() => stopping.abort());
  const log = createLogger('error', { write: () => undefined });
  const client = createClaude({ apiKey: 'key', baseUrl: claude.url, log, now: Date.now });
  const reader = createReader({
    agentNames: ['opus'],
    readText: (text) => Promise.resolve(readText(text, { agentNames: ['opus'] })),
    claude: {
      model: 'first',
      fallbackModel: 'second',
      secondOpinion: false,
      asksAgain: true,
      ask: client.ask,
      recall: () => Promise.resolve(undefined),
      remember: () => Promise.reject(new Error('nothing is to be kept')),
    },
  });
  await expect(reader(issue, stopping.signal)).rejects.toThrow(/abort/i);
  expect(client.status()).toMatchObject({ calls: 0, lastOutcome: null });
});

const sentSchema = z.looseObject({
  model: z.literal('first'),
  max_tokens: z.literal(572),
  system: z.literal(systemPrompt),
  messages: z.tuple([z.strictObject({ role: z.literal('user'), content: z.string() })]),
  output_config: z.strictObject({
    effort: z.literal('low'),
    format: z.looseObject({
      type: z.literal('json_schema'),
      schema: z.looseObject({
        type: z.literal('object'),
        additionalProperties: z.literal(false),
        required: z.array(z.string()),
        properties: z.record(z.string(), z.unknown()),
      }),
    }),
  }),
});

test('the request is the one that Claude documents, and it carries nothing but this issue', async () => {
  const { claude, read } = await openReader(answers(goodAnswer));
  await read();
  await read({ ...issue, title: 'Another' });
  const [first, second] = claude.calls.map((call) => sentSchema.parse(call));
  expect(claude.headers[0]).toMatchObject({ authorization: 'Bearer key' });
  expect(claude.headers[0]).not.toHaveProperty('x-api-key');
  expect(Object.keys(first ?? {}).sort()).toEqual([
    'max_tokens',
    'messages',
    'model',
    'output_config',
    'system',
  ]);
  const schema = first?.output_config.format.schema;
  expect(schema?.required).toEqual(Object.keys(emptyAnswer));
  expect(Object.keys(schema?.properties ?? {})).toEqual(schema?.required);
  expect(JSON.stringify(schema?.properties['declared_agent'])).toContain('["opus","haiku"]');
  expect(JSON.parse(first?.messages[0].content ?? '')).toEqual({
    agents: ['opus', 'haiku'],
    sentences: [`1 ${issue.title}`, `2 ${issue.body}`],
    references: [{ ref: '#7', sentences: [2] }],
  });
  expect(second?.output_config).toEqual(first?.output_config);
});

test('a title or a state that changes is shown, and is no other call', async () => {
  const { claude, read } = await openReader(answers(goodAnswer));
  const asked: string[][] = [];
  const describe =
    (state: 'open' | 'closed'): NonNullable<ClaudeDeps['describe']> =>
    (_issue, refs) => {
      asked.push([...refs]);
      return Promise.resolve(new Map([['#7', { title: 'The lexer', state }]]));
    };
  const first = await read(issue, { describe: describe('open') });
  expect(JSON.parse(claude.calls[0]?.messages[0]?.content ?? '')).toMatchObject({
    references: [{ ref: '#7', title: 'The lexer', state: 'open', sentences: [2] }],
  });
  expect(await read(issue, { describe: describe('closed') })).toEqual(first);
  expect(claude.calls).toHaveLength(1);
  expect(asked).toEqual([['#7']]);
});

/** The first model names #7 and #8; what the second one says of each. */
function opinions(ofSeven: string | undefined, ofEight: string): ClaudeScript {
  const named = (ref: string, relation: string) => ({ ref, relation, sentences: [2] });
  const first = [named('#7', 'blocked_by'), named('#8', 'blocked_by'), named('#9', 'blocks')];
  const second = [...(ofSeven === undefined ? [] : [named('#7', ofSeven)]), named('#8', ofEight)];
  return (call, response) => {
    const relations = call.model === 'first' ? first : second;
    answers({ ...goodAnswer, relations })(call, response);
  };
}

const twoBlockers: IssueText = {
  ...issue,
  body: 'Pointless until #7 and then #8 are there, or #9.\n\nBlocked by: #3',
};

function standings({ dependencies }: Reading): string[] {
  return dependencies.map(
    ({ direction, number, standing = 'counts' }) => `${direction} #${number} ${standing}`,
  );
}

test.each<[string | undefined, string, string[]]>([
  ['blocked_by', 'blocked_by', ['counts', 'counts']],
  ['neither', 'blocked_by', ['proposed', 'counts']],
  ['blocks', 'neither', ['proposed', 'proposed']],
  [undefined, 'blocked_by', ['counts', 'counts']],
])('a blocker of one model alone is a proposal where the other says %s, %s', async (...row) => {
  const [ofSeven, ofEight, [seven, eight]] = row;
  const { claude, read, models } = await openReader(opinions(ofSeven, ofEight));
  const reading = await read(twoBlockers, { secondOpinion: true });
  expect(standings(reading)).toEqual([
    'blocked_by #3 counts',
    `blocked_by #7 ${seven}`,
    `blocked_by #8 ${eight}`,
    'blocks #9 proposed',
  ]);
  const turn: unknown = JSON.parse(claude.calls[1]?.messages[0]?.content ?? '');
  expect(turn).toMatchObject({ references: [{ ref: '#7' }, { ref: '#8' }] });
  expect(await read(twoBlockers, { secondOpinion: true })).toEqual(reading);
  expect(models()).toEqual(['first', 'second']);
});

test.each<[string, ClaudeScript]>([
  ['is away', fails(529)],
  ['refuses', answers('no', 'refusal')],
  ['is cut off', answers('{"files":', 'max_tokens')],
])('while the second model %s the blocker counts', async (_name, script) => {
  const { read, models, claude } = await openReader((call, response) => {
    const answered = call.model === 'first' ? answers(goodAnswer) : script;
    answered(call, response);
  });
  expect(standings(await read(issue, { secondOpinion: true }))).toEqual(['blocked_by #7 counts']);
  claude.answerWith(
    answers({ ...goodAnswer, relations: [{ ...goodAnswer.relations[0], relation: 'neither' }] }),
  );
  expect(standings(await read(issue, { secondOpinion: true }))).toEqual(['blocked_by #7 proposed']);
  expect(models()).toEqual(['first', 'second', 'second']);
});

test.each<[string, IssueText, ReaderOptions, number]>([
  ['it is turned off', issue, { secondOpinion: false }, 1],
  ['it would be the same model', issue, { secondOpinion: true, fallbackModel: 'first' }, 1],
  ['the text says so', { ...issue, body: 'Blocked by: #7' }, { secondOpinion: true }, 1],
  ['there is something to confirm', issue, { secondOpinion: true }, 2],
])('a second opinion is asked for or not: %s', async (_name, text, options, calls) => {
  const { read, models } = await openReader(answers(goodAnswer));
  await read(text, options);
  expect(models()).toHaveLength(calls);
});

test('a text already read costs no call after a restart', async () => {
  const claude = await startClaude(answers(goodAnswer));
  const env = {
    ISSUE_READER: 'claude',
    ANTHROPIC_API_KEY: 'key-of-the-tests',
    ANTHROPIC_BASE_URL: claude.url,
  };
  const directory = temporaryDirectory();
  const before = await startService({ env, directory });
  await before.send(signedRequest(issuePayload({ body: 'Pointless until #7 is there.' })));
  await before.idle();
  const plan = await before.plan('acme/orbit#5');
  expect(plan).toMatchObject({ reading: { outcome: 'complete', model: 'claude-sonnet-5-5' } });
  await before.close();

  const after = await startService({ env, directory });
  await after.send(
    signedRequest(issuePayload({ body: 'Pointless until #7 is there.', action: 'edited' })),
  );
  await after.idle();
  expect((await after.plan('acme/orbit#5'))?.['reading']).toEqual(plan?.['reading']);
  // The reading, and the second opinion on its one blocker.
  expect(claude.calls).toHaveLength(2);
  expect(claude.headers[0]?.authorization).toBe('Bearer key-of-the-tests');
});
