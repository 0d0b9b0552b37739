import { expect, test } from 'vitest';

import { recording } from '../support/recordings.ts';
import { startService } from '../support/service.ts';

test('a recorded assignment becomes a stored plan', async () => {
  const service = await startService();
  expect(await service.send(recording('issues-assigned-bot'))).toMatchObject({ status: 200 });
  await service.idle();
  expect(await service.plan('acme/orbit#5')).toMatchObject({ state: 'blocked' });
});
