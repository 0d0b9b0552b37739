import { expect, test } from 'vitest';

import { maxAttempts } from '../../../src/inbox/backoff.ts';
import { traceOf } from '../../../src/lib/spans.ts';
import { attributeOf, startCollector, type SentSpan } from '../../support/collector.ts';
import { stagePublishing } from '../../support/publishing.ts';
import type { LogLine } from '../../support/service.ts';
import { commits, passed, startVerifying } from '../../support/verifying.ts';
import { startWork } from '../../support/work.ts';
import { issueEvent } from '../../support/workers.ts';

/** Every trace has exactly one span without a parent, and every parent was sent. */
function expectWhole(spans: readonly SentSpan[]): void {
  expect(spans).not.toEqual([]);
  for (const [traceId, together] of Map.groupBy(spans, (span) => span.traceId)) {
    const ids = new Set(together.map(({ spanId }) => spanId));
    expect(ids.size, traceId).toBe(together.length);
    const roots = together.filter(({ parentSpanId = '' }) => parentSpanId === '');
    const shown = together.map(({ name }) => name).join(', ');
    expect(roots, shown).toHaveLength(1);
    const orphans = together.filter(
      ({ parentSpanId = '' }) => parentSpanId !== '' && !ids.has(parentSpanId),
    );
    expect(orphans, shown).toEqual([]);
  }
}

/** The trace that each line with these words has. */
function tracesOf(logs: readonly LogLine[], msg: string) {
  return logs.filter((line) => line.msg === msg).map((line) => line['traceId']);
}

test('from a delivery to the comment it is one whole trace, which its ids lead to', async () => {
  const collector = await startCollector();
  const { assigned, service } = await stagePublishing({ env: collector.env });
  const ref = await assigned('Quokkas jump', 'Small.');
  await service.close();
  const spans = collector.spans();
  expectWhole(spans);
  const roots = spans.filter(({ name }) => name === 'delivery');
  expect(new Set(roots.map((root) => attributeOf(root, 'mosaic.issue')))).toEqual(new Set([ref]));
  const published = spans.find(({ name }) => name === 'publish issue');
  expect(published && attributeOf(published, 'mosaic.issue')).toBe(ref);
  const root = roots.find(({ traceId }) => traceId === published?.traceId);
  const id = (root && attributeOf(root, 'mosaic.delivery')) ?? '';
  expect(root).toMatchObject(rootIds(id));
  expect(tracesOf(service.logs, 'issue handled')).toContain(root?.traceId);
  expect(tracesOf(service.logs, 'issue published')).toContain(root?.traceId);
  const [handled] = spans.filter(
    ({ name, traceId }) => name === 'handle issue' && traceId === root?.traceId,
  );
  expect(handled).toMatchObject({ parentSpanId: root?.spanId });
  const stored = spans.find(({ parentSpanId }) => parentSpanId === handled?.spanId);
  expect(stored?.name).toBe('store');
  expect(JSON.stringify(spans)).not.toContain('uokka');
});

/** The ids of the first span of a delivery's trace. */
function rootIds(id: string) {
  const { traceId, spanId } = traceOf('delivery', id);
  return { traceId, spanId };
}

test('a delivery that fails at first is one trace, in which each try and its lines are', async () => {
  const collector = await startCollector();
  let failures = 1;
  const work = await startWork({
    env: collector.env,
    aroundRead: (read) => (issue, signal) => {
      if (failures-- > 0) throw new Error('not now');
      return read(issue, signal);
    },
  });
  await work.tell(1);
  await work.tell(1, { body: 'Total estimated: 30k' });
  expect(await work.stateOf(1)).toBe('ready ready');
  await work.close();
  const spans = collector.spans();
  expectWhole(spans);
  const [first, second, ...more] = spans
    .filter(({ name }) => name === 'delivery')
    .toSorted(
      (a, b) => a.startTimeUnixNano - b.startTimeUnixNano || a.links.length - b.links.length,
    );
  expect(more).toEqual([]);
  const tries = spans.filter(({ name }) => name === 'handle issue');
  expect(tries.map(({ traceId }) => traceId)).toEqual([first?.traceId, first?.traceId]);
  const outcomes = tries.map((one) => [attributeOf(one, 'mosaic.outcome'), one.status.code]);
  expect(outcomes).toEqual([
    ['failed', 2],
    ['done', 0],
  ]);
  // What was handled with an earlier one leads to it.
  expect(second?.links).toMatchObject([{ traceId: first?.traceId, spanId: first?.spanId }]);
  for (const msg of ['handling failed, the delivery is retried later', 'issue handled'])
    expect(tracesOf(work.logs, msg)).toEqual([first?.traceId]);
});

test('a delivery that is given up is a whole trace that says so', async () => {
  const collector = await startCollector();
  const work = await startWork({
    env: collector.env,
    expectAtEnd: { dead: 1, errors: ['delivery is dead'] },
    aroundRead: () => () => Promise.reject(new Error('never')),
  });
  const { json } = await work.send(issueEvent(1, Date.parse('2026-11-23T10:00:00Z')));
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    await work.idle();
    work.clock.advance(3_600_000);
  }
  await work.idle();
  await work.close();
  const spans = collector.spans();
  expectWhole(spans);
  const [root, ...others] = spans.filter(({ name }) => name === 'delivery');
  expect(others).toEqual([]);
  expect(root && attributeOf(root, 'mosaic.delivery')).toBe(json.deliveryId);
  expect(root && attributeOf(root, 'mosaic.outcome')).toBe('dead');
  const last = 'delivery is dead after its last attempt, replay it';
  expect(tracesOf(work.logs, last)).toEqual([root?.traceId]);
});

test('from a claim to its verdict it is one whole trace, and its lines have its id', async () => {
  const collector = await startCollector();
  const { service, mine, complete, take, report } = await startVerifying({ env: collector.env });
  await complete(mine, commits.work, { branch: 'agent/one' });
  const job = await take();
  if (job === null) throw new Error('no job');
  await report(job, passed);
  await service.idle();
  await service.close();
  const { traceId, spanId } = traceOf('claim', mine.claimId);
  const spans = collector.spans();
  expectWhole(spans);
  const together = spans.filter((span) => span.traceId === traceId);
  const root = together.find((span) => span.spanId === spanId);
  expect(root).toMatchObject({ name: 'claim' });
  expect(root && attributeOf(root, 'mosaic.claim')).toBe(mine.claimId);
  for (const span of together) expect(attributeOf(span, 'mosaic.issue')).toBe('acme/orbit#1');
  expect(together.map(({ name }) => name).toSorted()).toEqual(['claim', 'verification']);
  for (const msg of [
    'issue claimed',
    'claim waits for its verification',
    'verification taken',
    'verdict stored',
    'claim ended with its verification',
  ])
    expect(tracesOf(service.logs, msg), msg).toEqual([traceId]);
});

test('a claim whose issue was closed has a whole trace, too', async () => {
  const collector = await startCollector();
  const work = await startWork({ env: collector.env });
  await work.tell(1);
  const held = await work.held('worker-1');
  await work.tell(1, { open: false });
  await work.close();
  const spans = collector.spans();
  expectWhole(spans);
  const [claim] = spans.filter(({ name }) => name === 'claim');
  expect(claim?.traceId).toBe(traceOf('claim', held.claimId).traceId);
  expect(claim && attributeOf(claim, 'mosaic.outcome')).toBe('withdrawn');
});
