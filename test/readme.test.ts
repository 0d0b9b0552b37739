import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { z } from 'zod';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const readme = read('README.md');

test('CI runs the two commands of the README exactly as they are written', () => {
  const ci = read('.ci/run').split('\n');
  for (const command of ['npm ci && npm run demo', 'npm ci && npm test']) {
    expect(readme.split('\n')).toContain(command);
    expect(ci).toContain(command);
  }
  expect(ci.at(-2)).toBe('npm ci && npm test');
});

test('every npm script the README names exists', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? '');
  expect(named.length).toBeGreaterThan(0);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

test('the map of src names what is there, and all of it', () => {
  const rows = readme.slice(readme.indexOf('| `src/`')).split('\n').slice(2);
  const cells = rows.map((row) => row.split('|')[1] ?? '').join();
  const named = [...cells.matchAll(/`([\w.-]+\/?)`/g)].map(([, name]) => name ?? '');
  const present = readdirSync(new URL('src/', root), { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .filter((name) => !['errors.ts', 'log.ts'].includes(name));
  expect(named.sort()).toEqual(present.sort());
});
