import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { createTracing } from '../../../src/app/traces/tracing.ts';
import { tellSpan, traceOf } from '../../../src/lib/spans.ts';
import { createLogger } from '../../../src/log.ts';
import { answers, emptyAnswer, startClaude } from '../../support/claude.ts';
import { startCollector } from '../../support/collector.ts';
import { stagePublishing } from '../../support/publishing.ts';
import { startReceiver } from '../../support/receiver.ts';
import { startService } from '../../support/service.ts';
import { issueEvent } from '../../support/workers.ts';

test('calls of Claude are in the handling, without a word of the issue', async () => {
  const collector = await startCollector();
  const claude = await startClaude(answers(emptyAnswer));
  const { assigned, service } = await stagePublishing({ claude, env: collector.env });
  await assigned('Quokkas jump', 'It may have to do with #7, or so wombats believe.');
  await service.close();
  expect(collector.received.map(({ path }) => path)).toContain('/v1/traces');
  const spans = collector.spans();
  const [call] = spans.filter(({ name }) => name.startsWith('chat '));
  expect(JSON.stringify(call?.attributes)).toContain('gen_ai.usage.input_tokens');
  const handling = spans.find((span) => span.spanId === call?.parentSpanId);
  expect(handling?.name).toBe('handle issue');
  expect(JSON.stringify(spans)).not.toMatch(/quokka|wombat/i);
});

test('a collector that is away costs nothing but the spans', async () => {
  const service = await startService({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      GITEA_BOT_USERNAME: 'coordinator-bot',
    },
  });
  await service.send(issueEvent(1, Date.parse('2026-11-23T10:00:00Z')));
  await service.idle();
  expect((await service.plan('acme/orbit#1'))?.state).toBe('ready');
});

test('a collector that refuses is told once, until it takes traces again', async () => {
  let status = 400;
  const { url, received } = await startReceiver(() => status);
  const logs: Record<string, unknown>[] = [];
  const write = (line: string) => void logs.push(z.looseObject({}).parse(JSON.parse(line)));
  const tracing = createTracing({
    ...{ config: { otlpEndpoint: url }, now: () => Date.parse('2026-11-23T10:00:00Z') },
    log: createLogger('info', { write }),
  });
  await tracing.start();
  onTestFinished(tracing.close);
  const send = async () => {
    const before = received.length;
    tellSpan('claim', { startedAt: 1, endedAt: 2, parent: traceOf('claim', 'one') });
    await tracing.flush();
    expect(received.length).toBe(before + 1);
  };
  expect(tracing.check()).toEqual({ status: 'ok', failedExports: 0, lastFailedAt: null });
  await send();
  await send();
  expect(tracing.check()).toMatchObject({
    ...{ status: 'degraded', failedExports: 2, lastFailedAt: '2026-11-23T10:00:00.000Z' },
    cause: 'The collector of traces does not take them: status 400.',
  });
  expect(tracing.check()['cure']).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
  status = 200;
  await send();
  expect(tracing.check()).toMatchObject({ status: 'ok', failedExports: 2 });
  expect(logs.map(({ level, msg }) => [level, msg])).toEqual([
    ['warn', 'traces were lost: the collector did not take them'],
    ['info', 'the collector takes traces again'],
  ]);
});
