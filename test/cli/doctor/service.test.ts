import { expect, test } from 'vitest';

import { serviceUrl } from '../../../src/cli/doctor/service.ts';
import { testCases } from './cases.ts';

testCases([
  {
    what: 'nothing runs, which is no fault',
    breakIt: ({ service }) => service.close(),
    code: 0,
    name: 'service',
    text: /No service runs/,
    cure: /Start the service/,
  },
  {
    what: 'the service is somewhere else',
    breakIt: ({ environment }) => void (environment['PORT'] = '2'),
    code: 1,
    name: 'service',
    text: /uses the database but does not answer/,
    cure: /same HOST and PORT/,
  },
  {
    what: 'the service has another database',
    breakIt: ({ environment, service }) =>
      (environment['DATABASE_URL'] = `file:${service.directory}/other.db`),
    code: 1,
    name: 'service',
    text: /uses another database than DATABASE_URL/,
    cure: /environment of that service/,
  },
  {
    what: 'something else listens there',
    breakIt: ({ environment, fake }) => void (environment['PORT'] = new URL(fake.url).port),
    code: 1,
    name: 'service',
    text: /Another program answers/,
    cure: /PORT/,
  },
]);

test.for([
  ['0.0.0.0', 8000, 'http://127.0.0.1:8000'],
  ['::', 8000, 'http://[::1]:8000'],
  ['coordinator', 80, 'http://coordinator:80'],
  ['127.0.0.1', 0, undefined],
  [undefined, 8000, undefined],
] as const)('the service of %s:%s is asked at %s', ([host, port, expected]) => {
  expect(serviceUrl(host, port)).toBe(expected);
});
