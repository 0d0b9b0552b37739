import { expect, test } from 'vitest';

import { containing } from '../support/matching.ts';
import { startService } from '../support/service.ts';

test.each([
  '/issues?stat=ready',
  '/queue?stat=ready',
  '/graph?stat=ready',
  '/deliveries?stat=dead',
])('a key nobody knows is refused by name: %s', async (path) => {
  const { api } = await startService();
  expect(await api(path)).toEqual({
    status: 400,
    json: { error: { code: 'invalid_request', message: containing('"stat"') } },
  });
});

test('an error of the API has a code and a text', async () => {
  const { api } = await startService();
  expect(await api('/nothing')).toEqual({
    status: 404,
    json: { error: { code: 'not_found', message: 'There is no such route.' } },
  });
});
