import { expect, test } from 'vitest';

import { hostListCure } from '../../../src/cli/doctor/hook-rules.ts';

test.for([
  ['http://localhost:8000/webhook/gitea', 'loopback'],
  ['http://[::1]:8000/webhook/gitea', 'loopback'],
  ['http://10.1.2.3:8000/webhook/gitea', 'private'],
  ['http://172.20.0.5/webhook/gitea', 'private'],
  ['http://[fd00::1]/webhook/gitea', 'private'],
  ['http://172.32.0.5/webhook/gitea', '172.32.0.5'],
  ['https://hooks.example.org/webhook/gitea', 'hooks.example.org'],
])('Gitea is to allow %s by %s', ([url, entry]) => {
  expect(hostListCure(url)).toContain(`    ALLOWED_HOST_LIST = external, ${entry}\n`);
});
