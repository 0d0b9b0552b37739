import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { configEdits } from '../../../src/gates/integrity/configuration/config-findings.ts';
import { sourceFacts } from '../../../src/gates/integrity/source/source-facts.ts';
import { linesOf } from '../../../src/gates/integrity/syntax.ts';
import { check, createRepository } from '../support/integrity-repository.ts';

const pieces = [
  "it('adds', () => {\n  expect(add(1, 2)).toBe(3);\n});\n",
  "it.skip('waits', () => {\n  expect(wait()).toBe(3);\n});\n",
  "describe.only('sums', () => {\n  it.todo('later');\n});\n",
  "it.each([1, 2])('%s', (n) => {\n  expect(f(n)).toBe(n);\n});\n",
  "for (const n of rows) it('row', () => {});\n",
  '// @ts-ignore\nfirst();\n',
  '/* eslint-disable no-console */\n',
  'second(); // eslint-disable-line\n',
  '/* v8 ignore start */\nthird();\n/* v8 ignore stop */\n',
  'const = ;\n',
  'export const four = (a: number) => a * 4;\n',
];
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((some) => some.join(''));
const paths = ['a.test.ts', 'b.test.ts', 'test/c.test.ts', 'test/deep/d.test.ts', 'e.test.ts'];
const tree = fc.dictionary(fc.constantFrom(...paths), text, { minKeys: 1 });

/** Text that is likely to be nearly right. */
const wild = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...pieces),
        fc.constantFrom('it', '.skip', '(', ')', '{', '}', '`', '${', '/*', '*/', '//', '<', '"'),
        fc.string({ maxLength: 5 }),
      ),
    )
    .map((some) => some.join('')),
);

describe('for any tree', () => {
  it('nothing changed is nothing found', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (files) => {
        const { directory, write, commit } = createRepository(files);
        expect(await check(directory)).toMatchObject({ status: 'passed', findings: [] });
        write({ 'x.md': 'x' });
        commit();
        expect(await check(directory, { base: 'HEAD~1' })).toMatchObject({ status: 'passed' });
      }),
      { numRuns: 6 },
    );
  });

  it('moving files to other places loses nothing', async () => {
    await fc.assert(
      fc.asyncProperty(tree, fc.boolean(), async (files, within) => {
        const { directory, write } = createRepository(files);
        const names = Object.keys(files);
        for (const name of names) write({ [name]: null });
        names.forEach((name, index) => {
          const target = within ? (names[(index + 1) % names.length] ?? name) : `moved/${name}`;
          write({ [target]: files[name] ?? '' });
        });
        const verdict = await check(directory);
        expect(verdict.findings?.filter(({ rule }) => rule !== 'not-parsed')).toEqual([]);
      }),
      { numRuns: 10 },
    );
  });
});

describe('any text', () => {
  it.each(['a.ts', 'a.tsx', 'a.js', 'a.vue'])('is read without a fault as %s', (path) => {
    fc.assert(
      fc.property(wild, (some) => {
        const { marks, tests } = sourceFacts(some, path);
        const lines = linesOf(some).length;
        for (const { line } of [...marks, ...tests]) expect(line).toBeLessThanOrEqual(lines);
      }),
      { numRuns: 150 },
    );
  });

  it.each(['package', 'json', 'code', 'text'] as const)('is compared as %s', (kind) => {
    fc.assert(
      fc.property(wild, wild, (before, after) => {
        const path = 'vitest.config.ts';
        for (const { line } of configEdits({ path, kind, before, after })) {
          expect(line).toBeLessThanOrEqual(linesOf(after).length);
        }
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['a long sum', `x = ${'1 + '.repeat(200_000)}1;`],
    ['deep brackets', '('.repeat(100_000)],
    ['deep lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['a long chain', `it${'.skip'.repeat(100_000)}('x');`],
    ['nothing but comments', '// @ts-ignore\n'.repeat(70_000)],
    ['one long comment', `/* eslint ${' '.repeat(900_000)}x`],
    ['one long line', `it.skip('x'${' '.repeat(900_000)}`],
    ['many tests', pieces[0]?.repeat(3_000) ?? ''],
  ])('of up to a megabyte is read in time: %s', (_title, some) => {
    sourceFacts(some, 'a.ts');
    configEdits({ path: 'vitest.config.ts', kind: 'code', before: some, after: `${some};` });
  });
});
