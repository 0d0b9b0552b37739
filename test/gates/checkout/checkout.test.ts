import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { expect, test } from 'vitest';

import type { TestRun } from '../../../src/gates/gate.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { neverAborted, openCheckout } from '../support/checkout.ts';

test('a report is read when it is a file of this run', async () => {
  const { checkout } = await openCheckout({});
  const startedAt = Date.now();
  const report = join(await checkout.scratch('report'), 'report.json');
  writeFileSync(report, '{}');
  expect(await checkout.readReport(report, startedAt)).toBe('{}');
  expect(await checkout.readReport(report, Date.now() + 60_000)).toBeUndefined();
});

test('what else stands in place of a report is none', async () => {
  const { checkout } = await openCheckout({ 'tsconfig.json': '{}' });
  const elsewhere = temporaryDirectory();
  writeFileSync(join(elsewhere, 'report.json'), 'secret');
  const scratch = await checkout.scratch('report');
  const at = (name: string) => join(scratch, name);
  symlinkSync(join(elsewhere, 'report.json'), at('link'));
  symlinkSync(elsewhere, at('linked'));
  mkdirSync(at('directory'));
  await execa('/usr/bin/mkfifo', [at('pipe')]);
  writeFileSync(at('huge'), '');
  truncateSync(at('huge'), 65 * 1024 * 1024);
  for (const name of ['link', 'linked/report.json', 'directory', 'pipe', 'huge', 'missing'])
    expect(await checkout.readReport(at(name), 0), name).toBeUndefined();
  expect(await checkout.readReport(join(elsewhere, 'report.json'), 0)).toBeUndefined();
  expect(await checkout.readReport(join(checkout.directory, 'tsconfig.json'), 0)).toBe('{}');
});

test('scratch directories are fresh and of this user alone', async () => {
  const { checkout } = await openCheckout({});
  const [first, second] = [await checkout.scratch('a'), await checkout.scratch('a')];
  expect(first).not.toBe(second);
  expect((await stat(first)).mode & 0o777).toBe(0o700);
});

test('the tests are run once for all gates', async () => {
  let runs = 0;
  const never = new Promise<TestRun>(() => undefined);
  const { checkout, enter } = await openCheckout(
    {},
    {
      runTests: () => {
        runs += 1;
        return never;
      },
    },
  );
  const other = await enter({ gate: 'coverage', timeoutMs: 1_000, signal: neverAborted });
  expect(checkout.testRun()).toBe(checkout.testRun());
  expect(other.testRun()).toBe(checkout.testRun());
  expect(runs).toBe(1);
});
