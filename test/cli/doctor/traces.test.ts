import { expect, test } from 'vitest';

import { checkTraces } from '../../../src/cli/doctor/traces.ts';
import { startReceiver } from '../../support/receiver.ts';

const { signal } = new AbortController();

async function findingsFor(otlpEndpoint: string | undefined, probe = true) {
  return (await checkTraces({ otlpEndpoint }, { probe }, signal)).findings;
}

test('the collector gets an empty batch', async () => {
  const { url, received } = await startReceiver();
  expect(await findingsFor(url)).toMatchObject([{ name: 'traces', mark: 'ok' }]);
  expect(received).toMatchObject([{ path: '/v1/traces', body: '{"resourceSpans":[]}' }]);
});

test('one that refuses or does not answer is a warning without its address', async () => {
  const { url } = await startReceiver(() => 403);
  const findings = [...(await findingsFor(url)), ...(await findingsFor('http://127.0.0.1:1'))];
  expect(findings.map(({ mark }) => mark)).toEqual(['warning', 'warning']);
  expect(findings[0]?.text).toContain('status 403');
  expect(findings[1]?.text).toContain('does not answer');
  expect(JSON.stringify(findings)).not.toContain('127.0.0.1');
});

test('nothing is sent without a collector, or with --no-probe', async () => {
  const { url, received } = await startReceiver();
  expect(await findingsFor(undefined)).toEqual([]);
  expect(await findingsFor(url, false)).toMatchObject([{ mark: 'skipped' }]);
  expect(received).toEqual([]);
});
