import { expect, test } from 'vitest';

import { describePolling } from '../../../src/cli/doctor/service.ts';

test('what polling found and no webhook told is told, with the cure', () => {
  const url = 'http://coordinator:8000/webhook/gitea';
  const found = { passes: 2, missed: 3 };
  expect(describePolling(found, { arrives: false, url })).toMatchObject({
    mark: 'warning',
    text: 'Since the service started, only polling found 3 changes: no webhook reported them. The likely cause is ALLOWED_HOST_LIST of Gitea.',
  });
  expect(describePolling(found, { arrives: true, url })).toMatchObject({ mark: 'hint' });
  expect(describePolling({ passes: 0, missed: 0 }, { arrives: true, url }).mark).toBe('hint');
});
