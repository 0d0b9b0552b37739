import { createServer } from 'node:http';

import { expect, onTestFinished, test } from 'vitest';

import { createWorldClock } from '../../../../src/cli/demo/world/clock.ts';
import { newTemper } from '../../../../src/cli/demo/world/ideas.ts';
import { createState } from '../../../../src/cli/demo/world/gitea/state.ts';
import { createStory } from '../../../../src/cli/demo/world/story.ts';
import { loadedDice } from './played.ts';

/** A story around a service that answers nothing as it should. */
async function startStory(signal: AbortSignal) {
  const server = createServer((_request, response) => void response.end('null'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  onTestFinished(() => server.closeAllConnections());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const clock = createWorldClock(0);
  const secrets = { webhook: 'secret', code: 'code', tokenOf: () => 'token', list: '' };
  const story = createStory({
    ...{ url: `http://127.0.0.1:${port}`, signal, clock, secrets, faults: new Set<string>() },
    ...{ dice: loadedDice(), state: createState([], clock.now), settle: () => Promise.resolve() },
    ...{ workers: [{ name: 'desk', agents: ['opus'] }], verifiers: ['verifier-a'] },
  });
  return { story, clock };
}

test('a world whose service does not answer stands still, and says why', async () => {
  const { story } = await startStory(new AbortController().signal);
  await expect(story.run(1_000_000, () => 'The disk is full.')).rejects.toMatchObject({
    code: 'demo_failed',
    message: 'The world of the demo stands still. The disk is full.',
  });
});

test('a world that is stopped ends quietly', async () => {
  const stop = new AbortController();
  const { story } = await startStory(stop.signal);
  const running = story.run(1, () => '');
  stop.abort();
  await expect(running).resolves.toBeUndefined();
  await expect(story.run(1, () => '')).resolves.toBeUndefined();
});

test('an hour is hurried through in steps that are as long as they say', async () => {
  const { story, clock } = await startStory(new AbortController().signal);
  const before = clock.now();
  await expect(story.hurry(20)).rejects.toThrow('expected object');
  expect(clock.now() - before).toBeGreaterThanOrEqual(20 * 40_000);
});

test('how work goes is thrown with dice, and fails only where it may', () => {
  const thrown = (number: number, mayFail: boolean) =>
    newTemper(loadedDice({ between: () => number }), mayFail);
  expect([thrown(10, true), thrown(14, true), thrown(16, true)]).toEqual([
    ...['smooth', 'careful', 'reviewed'],
  ]);
  expect([thrown(20, true), thrown(20, false)]).toEqual(['stubborn', 'reviewed']);
});
