import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { execa } from 'execa';
import { expect, test } from 'vitest';

import { runGates } from '../../src/gates/run-gates.ts';
import { temporaryDirectory } from '../support/service.ts';
import { writeFiles } from './support/checkout.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

const priceTest = `import { expect, it } from 'vitest';
import { price } from '../src/price.ts';
it('adds tax', () => expect(price(100)).toBe(119));
it('takes zero', () => expect(price(0)).toBe(0));
`;

/** A repository with two tests on `main`, checked out on a branch. */
async function repository(gatesFile?: object) {
  const directory = temporaryDirectory();
  writeFiles(directory, {
    '.gitignore': 'node_modules\n',
    'package.json': '{ "name": "shop", "type": "module", "devDependencies": { "vitest": "*" } }',
    'vitest.config.ts': "export default { test: { include: ['test/**/*.test.ts'] } };\n",
    'src/price.ts': 'export const price = (net: number): number => Math.round(net * 1.19);\n',
    'test/price.test.ts': priceTest,
    ...(gatesFile && { '.mosaic/gates.json': JSON.stringify(gatesFile) }),
  });
  mkdirSync(join(directory, 'node_modules'));
  for (const name of ['vitest', '@vitest', 'vite', 'typescript'])
    symlinkSync(join(modules, name), join(directory, 'node_modules', name));
  const git = execa({ cwd: directory });
  const user = ['-c', 'user.name=fixture', '-c', 'user.email=fixture@example.org'];
  await git('git', ['init', '--quiet', '--initial-branch=main']);
  await git('git', ['add', '--all']);
  await git('git', [...user, 'commit', '--quiet', '--message=base']);
  return directory;
}

const check = (directory: string) =>
  runGates({ directory, gates: ['test', 'integrity'], base: 'main', sandbox: 'none' });

test('tests that ran on the base and are not collected any more fail integrity', async () => {
  const directory = await repository();
  renameSync(join(directory, 'test/price.test.ts'), join(directory, 'test/price.spec.ts'));
  writeFileSync(
    join(directory, 'test/weak.test.ts'),
    "import { expect, it } from 'vitest';\nit('is', () => expect(Number('1')).toBe(1));\n",
  );
  const { verdict, gates } = await check(directory);
  expect(gates.map(({ gate, status }) => [gate, status])).toEqual([
    ['test', 'passed'],
    ['integrity', 'failed'],
  ]);
  expect(gates[1]?.findings).toContainEqual(
    expect.objectContaining({
      rule: 'tests-lost',
      message:
        '2 tests of test/price.test.ts passed on main and do not run now (test/price.spec.ts is not collected)',
    }),
  );
  expect(verdict).toBe('failed');
}, 60_000);

test('the gates file of the base approves it, or does without the run', async () => {
  const allow = [{ rule: 'tests-lost', path: 'test/**', reason: 'price goes' }];
  const directory = await repository({ gates: { test: {}, integrity: { allow } } });
  renameSync(join(directory, 'test/price.test.ts'), join(directory, 'test/price.spec.ts'));
  writeFileSync(join(directory, 'test/weak.test.ts'), priceTest.replaceAll('it(', 'it.each([1])('));
  // The edit of the gates file counts for nothing: that of the base is read.
  writeFileSync(join(directory, '.mosaic/gates.json'), '{ "gates": { "test": false } }');
  const { gates, gatesFile } = await check(directory);
  expect(gatesFile).toBe('.mosaic/gates.json at main');
  const rules = gates[1]?.findings.map(({ rule, severity }) => `${rule} ${severity}`);
  expect(rules).not.toContain('tests-lost error');
  expect(gates.map(({ gate }) => gate)).toEqual(['test', 'integrity']);
}, 60_000);
