import { expect, test } from 'vitest';

import { checkNotify } from '../../../src/cli/doctor/notify.ts';
import { examineConfig } from '../../../src/config.ts';
import { startReceiver } from '../../support/receiver.ts';

const secret = `whsec_${Buffer.from('secret of the tests, 32 bytes ok').toString('base64')}`;
const { signal } = new AbortController();

test('each target gets a trial; one that does not take it is a warning without its address', async () => {
  const good = await startReceiver();
  const bad = await startReceiver(() => 404);
  const config = examineConfig({
    NOTIFY_URL: `slack+${good.url}/x ntfy+${bad.url}/topic`,
    NOTIFY_SECRET: secret,
  });
  const { findings } = await checkNotify(config, { now: Date.now, probe: true }, signal);
  expect(findings).toEqual([
    { name: 'notify 1 (slack)', mark: 'ok', text: 'It took a trial.' },
    {
      name: 'notify 2 (ntfy)',
      mark: 'warning',
      text: 'It did not take a trial: status 404.',
      cure: 'Correct entry 2 of NOTIFY_URL, or mend the receiver.',
    },
  ]);
  expect(good.received[0]?.body).toContain('*Trial*\\nThis is a trial');
});

test('without a probe nothing is sent', async () => {
  const { url, received } = await startReceiver();
  const config = examineConfig({ NOTIFY_URL: `slack+${url}` });
  const { findings } = await checkNotify(config, { now: Date.now, probe: false }, signal);
  expect(findings.map(({ mark }) => mark)).toEqual(['skipped']);
  expect(received).toEqual([]);
});
