import { expect, test } from 'vitest';

import {
  callsOf,
  commandsOf,
} from '../../../../../src/gates/gates-file/init/javascript/scripts.ts';
import { textOf } from '../../../../../src/gates/gates-file/init/javascript/words.ts';

const texts = (scripts: Record<string, string>, name = 'test') =>
  commandsOf(scripts, name).map(({ words }) => textOf(words));

test.each([
  ['npm run', 'npm run unit', ['jest --ci']],
  ['npm run with silent and arguments', 'npm run -s unit -- --bail', ['jest --ci --bail']],
  ['pnpm', 'pnpm unit', ['jest --ci']],
  ['pnpm with a program', 'pnpm vitest run', ['vitest run']],
  ['pnpm exec', 'pnpm exec vitest run', ['vitest run']],
  ['npx', 'npx --no-install mocha', ['mocha']],
  ['yarn', 'yarn unit', ['jest --ci']],
  ['bun run', 'bun run unit', ['jest --ci']],
  ['bun test, which is a program', 'bun test x', ['bun test x']],
  ['a wrapper', 'c8 npm run unit', ['c8 jest --ci']],
  ['several', 'run-s lint unit', ['eslint .', 'jest --ci']],
  ['other packages', 'pnpm -r unit', ['pnpm -r unit']],
  ['other packages with run', 'pnpm --filter a run unit', ['pnpm --filter a run unit']],
  ['a script that is not there', 'npm run nothing', ['npm run nothing']],
  ['glob', 'c8 glob -c "tsx --test" "./t/*.ts"', ['c8 tsx --test "./t/*.ts"']],
])('%s', (_, script, expected) => {
  expect(texts({ test: script, unit: 'jest --ci', lint: 'eslint .' })).toEqual(expected);
});

test('scripts around a script run with it', () => {
  expect(texts({ pretest: 'npm run build', build: 'tsc', test: 'mocha' })).toEqual([
    'tsc',
    'mocha',
  ]);
});

test('scripts that run each other come to an end', () => {
  expect(texts({ test: 'npm run a', a: 'npm run test && npm run a && jest' })).toEqual(['jest']);
  const chain = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`s${index}`, `npm run s${index + 1}`]),
  );
  expect(texts(chain, 's0')).toEqual([]);
});

test('many scripts stay few commands', () => {
  const scripts = Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [
      `s${index}`,
      Array.from({ length: 10 }, () => `npm run s${index + 1}`).join(' && '),
    ]),
  );
  expect(texts({ ...scripts, s5: 'jest' }, 's0').length).toBeLessThanOrEqual(400);
});

test('a name that every object has is no script', () => {
  expect(texts({ test: 'npm run constructor' })).toEqual(['npm run constructor']);
});

test.each([
  ['jest --ci', 'jest'],
  ['node --expose-gc node_modules/mocha/bin/mocha.js', 'mocha'],
  ['nyc --all mocha', 'mocha'],
  ['node --test', 'node'],
  ['echo jest', undefined],
  ['rm -rf node_modules/.cache/jest', undefined],
])('%s calls %s', (script, program) => {
  const [call] = callsOf(commandsOf({ test: script }, 'test'), new Set(['jest', 'mocha', 'node']));
  expect(call?.program).toBe(program);
});
