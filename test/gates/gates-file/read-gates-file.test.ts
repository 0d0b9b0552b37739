import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { execa } from 'execa';
import { expect, test } from 'vitest';

import { listFiles, readRepository } from '../../../src/gates/checkout/repository.ts';
import { readGatesFile } from '../../../src/gates/gates-file/read-gates-file.ts';
import { neverAborted as signal } from '../support/checkout.ts';
import { commitAll, projectWith } from '../support/gates-file.ts';

test('a gates file that the base has and git cannot read is not taken for none', async () => {
  const directory = projectWith({ gates: { must: { command: 'true' } } });
  await commitAll(directory);
  const repository = await readRepository(directory, signal);
  const read = () => readGatesFile({ directory, repository, ref: 'main', signal });
  expect((await read()).from).toBe('.mosaic/gates.json at main');
  const { stdout: blob } = await execa({ cwd: directory })`git rev-parse main:.mosaic/gates.json`;
  // As in a clone with a filter, which fetches no contents.
  rmSync(join(directory, '.git/objects', blob.slice(0, 2), blob.slice(2)));
  await expect(read()).rejects.toThrow(/^git cannot read \.mosaic\/gates\.json at main: /);
});

test('files that git cannot list are not taken for none', async () => {
  const root = projectWith({});
  await commitAll(root);
  writeFileSync(join(root, '.git/index'), 'broken');
  await expect(listFiles(root, { isRepository: true, signal })).rejects.toThrow(
    /^git cannot list the files of /,
  );
});
