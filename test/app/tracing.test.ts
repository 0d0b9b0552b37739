import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { createTracing } from '../../src/app/tracing.ts';
import { tellSpan, traceOf } from '../../src/lib/spans.ts';
import { createLogger } from '../../src/log.ts';
import { answers, emptyAnswer, startClaude } from '../support/claude.ts';
import { stagePublishing } from '../support/publishing.ts';
import { startReceiver } from '../support/receiver.ts';
import { startService } from '../support/service.ts';
import { startWork } from '../support/work.ts';
import { issueEvent } from '../support/workers.ts';

const value = z.looseObject({});
const bodySchema = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              attributes: z.array(z.object({ key: z.string(), value })),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** All spans that a collector was sent. */
function spansOf(received: readonly { readonly body: string }[]) {
  return received.flatMap(({ body }) =>
    bodySchema
      .parse(JSON.parse(body))
      .resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );
}

test('from a delivery to the comment it is one trace, without a word of the issue', async () => {
  const { url, received } = await startReceiver();
  const claude = await startClaude(answers(emptyAnswer));
  const { assigned, service } = await stagePublishing({
    claude,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: url },
  });
  await assigned('Quokkas jump', 'It may have to do with #7, or so wombats believe.');
  await service.close();
  expect(received.map(({ path }) => path)).toContain('/v1/traces');
  const spans = spansOf(received);
  const { traceId, spanId } = spans.find(({ name }) => name === 'publish issue') ?? {};
  expect(traceId).toBeDefined();
  expect(spanId).toBeDefined();
  const together = spans.filter((span) => span.traceId === traceId);
  const names = new Set(together.map(({ name }) => name));
  for (const name of ['inbox', 'handle issue', 'publish issue']) expect(names).toContain(name);
  const [call] = spans.filter(({ name }) => name.startsWith('chat '));
  expect(JSON.stringify(call?.attributes)).toContain('gen_ai.usage.input_tokens');
  const handling = spans.find((span) => span.spanId === call?.parentSpanId);
  expect(handling?.name).toBe('handle issue');
  expect(service.logs.map((line) => line['traceId'])).toContain(traceId);
  expect(JSON.stringify(spans)).not.toMatch(/quokka|wombat/i);
});

test('a claim and its end are one trace', async () => {
  const { url, received } = await startReceiver();
  const work = await startWork({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } });
  await work.tell(1);
  const held = await work.held('worker-1');
  const { status } = await work.api(`/claims/${held.claimId}/release`, {
    method: 'POST',
    headers: {
      authorization: `Bearer token-of-worker-1-0000`,
      'content-type': 'application/json',
      'x-claim-token': held.token,
    },
    body: JSON.stringify({ reason: 'tests' }),
  });
  expect(status).toBe(200);
  await work.close();
  const [claim, ...others] = spansOf(received).filter(({ name }) => name === 'claim');
  expect(others).toEqual([]);
  expect(claim?.traceId).toBe(traceOf('claim', held.claimId).traceId);
  expect(JSON.stringify(claim?.attributes)).toContain('released');
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
