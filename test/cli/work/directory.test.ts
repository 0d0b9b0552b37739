import { expect, test } from 'vitest';

import { directoryOf } from '../../../src/cli/work/directory.ts';

test('each coordinator has a directory of its own', () => {
  const at = (url: string) => directoryOf('/work', url);
  expect(at('http://127.0.0.1:8000')).toBe('/work/127.0.0.1-8000');
  expect(at('https://plan.example/a')).toMatch(/^\/work\/plan\.example-[0-9a-f]{12}$/);
  const urls = ['', ':8000', '/a', '/b', '/a/b', '/a-b'].map((end) => `https://plan.example${end}`);
  expect(new Set(urls.map(at)).size).toBe(urls.length);
  expect(at('https://plan.example/a/')).toBe(at('https://plan.example/a'));
});
