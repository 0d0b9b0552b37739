import { expect, test } from 'vitest';

import { mayCall } from '../../src/mcp/origin.ts';

test.each([
  ['a program', undefined, 'coordinator.example', true],
  ['a program, without a host', undefined, undefined, true],
  ['a page of the same address', 'http://127.0.0.1:8000', '127.0.0.1:8000', true],
  ['a page of the same address, IPv6', 'http://[::1]:8000', '[::1]:8000', true],
  ['a page of localhost', 'http://localhost:8000', 'LOCALHOST:8000', true],
  ['a page of another port', 'http://localhost:3000', 'localhost:8000', false],
  ['a page of elsewhere', 'https://evil.example', '127.0.0.1:8000', false],
  ['a page whose name was pointed here', 'http://evil.example:8000', 'evil.example:8000', false],
  ['a page without an origin', 'null', '127.0.0.1:8000', false],
] as const)('%s', (_who, origin, host, may) => {
  expect(mayCall(origin, host)).toBe(may);
});
