import { expect, test } from 'vitest';

import { startWork } from '../support/work.ts';
import { claim, post } from '../support/workers.ts';

test('the service or one agent is paused and resumed, also across a restart', async () => {
  const first = await startWork();
  await first.tell(1);
  const pause = await post(first, {
    worker: 'worker-1',
    path: '/pause',
    body: { agent: 'Sonnet', reason: 'Budget.' },
  });
  expect(pause).toMatchObject({
    status: 200,
    json: { items: [{ agent: 'sonnet', source: 'person', reason: 'Budget.', until: null }] },
  });
  await post(first, { worker: 'worker-1', path: '/pause' });
  await first.close();
  const second = await startWork({ directory: first.directory });
  expect(await claim(second, 'worker-1')).toMatchObject({ claim: null, waiting: { paused: 1 } });
  await post(second, { worker: 'worker-1', path: '/resume', body: {} });
  expect(await claim(second, 'worker-1')).toMatchObject({ claim: null, waiting: { paused: 1 } });
  await post(second, { worker: 'worker-1', path: '/resume', body: { agent: 'sonnet' } });
  expect((await second.api('/pauses')).json).toEqual({ items: [] });
  expect((await second.held('worker-1')).issue).toBe('acme/orbit#1');
});
