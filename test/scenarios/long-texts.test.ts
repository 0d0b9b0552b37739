import { expect, test } from 'vitest';

import { createReader, type ReadIssue } from '../../src/reading/reader.ts';
import { readText, unreadableText } from '../../src/reading/read-text.ts';
import { manualClock } from '../support/clock.ts';
import { startService, type ServiceOptions } from '../support/service.ts';
import { claim, issueEvent } from '../support/workers.ts';

const at = Date.parse('2026-11-23T10:00:00Z');
const longBody = `Blocked by #900\n\n${'*a '.repeat(40_000)}`;

function startWith(options: ServiceOptions) {
  return startService({
    workers: true,
    ...options,
    env: { GITEA_BOT_USERNAME: 'coordinator-bot', ...options.env },
  });
}

/** A reader that allows texts so few steps that a long one is unreadable. */
function readerWithin(workLimit: number): ReadIssue {
  const agentNames = ['opus', 'sonnet', 'haiku'];
  return createReader({
    agentNames,
    readText: (issue) => Promise.resolve(readText(issue, { agentNames, workLimit })),
    claude: undefined,
  });
}

test('an issue whose text cannot be read is handed to nobody until the text changes', async () => {
  const service = await startWith({ read: readerWithin(5_000) });
  await service.send(issueEvent(1, at, { body: longBody }));
  await service.idle();
  const plan = await service.plan('acme/orbit#1');
  expect(plan).toMatchObject({
    state: 'blocked',
    reason: {
      code: 'unreadable',
      text: 'The text could not be read: it takes too many steps. So it is not known what it waits for. Shorten it, or split the issue; it is read again when it changes.',
    },
    reading: { unreadable: 'work' },
    blockedBy: [],
    warnings: [{ code: 'text_unreadable' }],
  });
  expect(await claim(service, 'worker-1')).toMatchObject({
    claim: null,
    waiting: { unreadable: 1 },
  });
  await service.send(issueEvent(1, at + 1_000, { body: 'Blocked by #900' }));
  await service.idle();
  expect(await service.plan('acme/orbit#1')).toMatchObject({
    state: 'blocked',
    reason: { code: 'unknown_blockers' },
    reading: { unreadable: null },
  });
});

test.each(['failed', 'time'] as const)(
  'a text that was not read for a reason that may pass (%s) is read again by itself, less and less often',
  async (cause) => {
    const clock = manualClock(at);
    const readAt: number[] = [];
    let isWell = false;
    const agentNames = ['opus', 'sonnet', 'haiku'];
    const read = createReader({
      agentNames,
      readText: (issue) => {
        readAt.push(clock.now() - at);
        return Promise.resolve(isWell ? readText(issue, { agentNames }) : unreadableText(cause));
      },
      claude: undefined,
    });
    const service = await startWith({ read, clock });
    await service.send(issueEvent(1, at, { body: 'Size: small' }));
    await service.idle();
    expect(await service.plan('acme/orbit#1')).toMatchObject({ reason: { code: 'unreadable' } });
    for (const seconds of [30, 60, 120, 240]) {
      clock.advance(seconds * 1_000 - 1_000);
      await service.idle();
      isWell = seconds === 240;
      clock.advance(1_000);
      await service.idle();
    }
    expect(readAt.map((time) => time / 1_000)).toEqual([0, 30, 90, 210, 450]);
    expect(await service.plan('acme/orbit#1')).toMatchObject({ state: 'ready' });
    clock.advance(3_600_000);
    await service.idle();
    expect(readAt).toHaveLength(5);
  },
);

test.each(['1', '4'])(
  'short texts are read beside eight long ones with %s workers',
  async (workers) => {
    const gate = Promise.withResolvers<undefined>();
    const shortRead = Promise.withResolvers<undefined>();
    const longRead: number[] = [];
    const service = await startWith({
      env: { WORKER_CONCURRENCY: workers },
      aroundRead: (read) => async (issue, signal) => {
        if (issue.body === longBody) {
          longRead.push(issue.number);
          await gate.promise;
        } else shortRead.resolve(undefined);
        return read(issue, signal);
      },
    });
    for (let number = 1; number <= 8; number += 1)
      await service.send(issueEvent(number, at, { body: longBody }));
    await service.send(issueEvent(20, at, { body: 'Size: small' }));
    await shortRead.promise;
    expect(longRead.length).toBe(Math.max(1, Number(workers) - 1));
    expect(await service.plan('acme/orbit#8')).toBeUndefined();
    gate.resolve(undefined);
    await service.idle();
    expect(longRead.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const number of [1, 8])
      expect(await service.plan(`acme/orbit#${number}`)).toMatchObject({
        state: 'blocked',
        blockedBy: [{ ref: 'acme/orbit#900', state: 'unknown' }],
      });
    expect(await service.plan('acme/orbit#20')).toMatchObject({ state: 'ready' });
  },
);
