import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { reportOf, scopeOf } from '../../../../src/gates/tools/scope/eslint-formatter.ts';
import { temporaryDirectory } from '../../../support/service.ts';
import { writeFiles } from '../../support/checkout.ts';

const eslint = fileURLToPath(new URL('../../../../node_modules/eslint', import.meta.url));

it('asks eslint which rules are on for each file', async () => {
  const directory = realpathSync(temporaryDirectory());
  const files = ['on.js', 'off.js', 'none.js', 'ignored.js', 'types.ts'];
  writeFiles(directory, {
    'eslint.config.mjs': `export default [
      { ignores: ['ignored.js'] },
      { files: ['on.js'], rules: { 'no-var': ['warn'] } },
      { files: ['off.js'], rules: { 'no-var': 'off', 'no-eval': [0] } },
    ];`,
    ...Object.fromEntries(files.map((file) => [file, ''])),
  });
  const linted = ['on.js', 'off.js', 'none.js'].map((file) => ({
    filePath: join(directory, file),
  }));
  const question = { eslint, eslintrc: false, directory, files };
  expect(await scopeOf(linted, question)).toEqual({
    'on.js': 'ruled',
    'off.js': 'bare',
    'none.js': 'bare',
    'ignored.js': 'ignored',
    'types.ts': 'ignored',
  });
  await expect(scopeOf([], { ...question, eslint: join(eslint, 'lib') })).rejects.toThrow();
});

it.each([{}, null, { eslint }])('refuses %j as a question', async (question) => {
  await expect(scopeOf([], question)).rejects.toThrow('holds no question');
});

it('writes the report of the formatter json, without what nobody reads', () => {
  const result = { filePath: '/a.js', messages: [], errorCount: 0, warningCount: 0, source: 'a' };
  expect(JSON.parse(reportOf([result]))).toEqual([
    { filePath: '/a.js', messages: [], errorCount: 0, warningCount: 0 },
  ]);
});
