import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { removeTree } from '../../src/gates/checkout/private-directory.ts';
import { temporaryDirectory } from '../support/service.ts';

/** Directories in each other, with a path longer than a system call takes. */
const deep = `const { mkdirSync } = require('node:fs');
for (let depth = 0; depth < 40; depth += 1) {
  mkdirSync('d'.repeat(200));
  process.chdir('d'.repeat(200));
}`;

it('removes what hostile code made hard to remove', async () => {
  const top = join(temporaryDirectory(), 'work');
  const shut = join(top, 'shut', 'inner');
  mkdirSync(shut, { recursive: true });
  writeFileSync(join(shut, 'file'), '');
  execFileSync(process.execPath, ['-e', deep], { cwd: top });
  for (const path of [shut, join(top, 'shut'), top]) chmodSync(path, 0);

  await removeTree(top);
  expect(existsSync(top)).toBe(false);
});
