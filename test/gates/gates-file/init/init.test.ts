import fc from 'fast-check';
import { expect, test } from 'vitest';

import { proposeGatesFile } from '../../../../src/gates/gates-file/init/init.ts';
import { parseGatesFile } from '../../../../src/gates/gates-file/parse-gates-file.ts';
import { packageJson, proposedFor, type Tree } from '../../support/proposed.ts';

test('a directory without a known tool gives an empty file and says so', async () => {
  const { file, notes } = await proposedFor({ 'README.md': 'Hello' });
  expect(file).toEqual({});
  expect(notes).toEqual([expect.stringContaining('No tool that checks the project')]);
  expect((await proposeGatesFile('/nowhere/at/all')).file).toEqual({});
});

test('a second tool chain gets its name behind its gates', async () => {
  const { file } = await proposedFor({
    ...packageJson({ test: 'vitest' }, 'vitest'),
    'package-lock.json': '',
    'pyproject.toml': '[dependency-groups]\ndev = ["pytest", "pytest-cov", "ruff"]\n',
    'uv.lock': '',
  });
  expect(file).toMatchObject({
    install: ['npm ci --ignore-scripts', 'uv sync --locked'],
    gates: {
      test: {},
      lint: { sarif: 'ruff.sarif' },
      'test-python': { junit: 'junit.xml' },
      coverage: { reportOf: 'test-python', cobertura: 'coverage.xml', thresholds: 85 },
    },
  });
});

test('a package.json that is no object is told', async () => {
  for (const text of ['[1]', 'nonsense', '']) {
    const { file, notes } = await proposedFor({ 'package.json': text });
    expect(file).toEqual({});
    expect(notes.join()).toContain('package.json is no JSON object');
  }
});

test('a file of more than a mebibyte is not read', async () => {
  const { file } = await proposedFor({ 'package.json': `{"scripts": "${'x'.repeat(2 ** 20)}"}` });
  expect(file).toEqual({});
});

const words = fc.constantFrom(
  ...['vitest', 'jest', 'mocha', 'node', '--test', 'tsx', 'c8', 'nyc', 'bun', 'test', 'eslint'],
  ...['biome', 'check', 'oxlint', 'prettier', '--check', 'tsc', '-p', '-b', '--project', '--root'],
  ...['&&', '||', ';', '"', "'", '\\', '=', 'A=1', 'npm', 'run', 'pnpm', 'yarn', 'a', 'b', '-r'],
  ...[
    '/etc',
    '../x',
    '.',
    './',
    '',
    '--report-dir',
    '--ignore-pattern',
    'glob',
    '-c',
    '$(x)',
    '\n',
  ],
  ...['é', '__proto__', 'constructor', '-', '--', 'x'.repeat(3_000)],
);
const script = fc.oneof(
  fc.array(words, { maxLength: 12 }).map((some) => some.join(' ')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const names = fc.oneof(
  fc.constantFrom('test', 'a', 'b', 'build', 'lint', 'coverage', 'pretest', 'typecheck'),
  fc.string(),
);
const tools = fc.subarray([
  ...['vitest', '@vitest/coverage-v8', 'jest', 'jest-junit', 'eslint', 'typescript', 'oxlint'],
  '@biomejs/biome',
]);
const packageFile = fc.oneof(
  fc.record({ scripts: fc.dictionary(names, script), tools }).map(({ scripts, tools }) => ({
    scripts,
    devDependencies: Object.fromEntries(tools.map((name) => [name, '^2.4.0'])),
  })),
  fc.record(
    {
      scripts: fc.jsonValue(),
      devDependencies: fc.jsonValue(),
      packageManager: fc.jsonValue(),
      workspaces: fc.jsonValue(),
      jest: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
);

/** The proposal can be written to the gates file as it is, and the same tree gives the same one. */
async function isUsable(tree: Tree) {
  const first = await proposedFor(tree);
  const text = JSON.stringify(first.file);
  parseGatesFile(text, 'the proposal');
  expect(await proposedFor(tree)).toEqual(first);
  expect(text.length).toBeLessThan(100_000);
  expect(first.notes.length).toBeLessThanOrEqual(50);
  for (const note of first.notes) expect(note.length).toBeLessThan(3_000);
}

test('whatever package.json holds, the proposal parses', async () => {
  await fc.assert(
    fc.asyncProperty(packageFile, async (json) => {
      await isUsable({ 'package.json': json, 'tsconfig.json': '{}' });
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('whatever the files of other tool chains hold, the proposal parses', async () => {
  const toml = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          ...['[project]', '[dependency-groups]', '[tool.ruff.format]', '[tool.coverage.run]'],
          ...['dev = ["pytest", "pytest-cov"]', '"te st" = ["mypy"]', 'test = 3', 'source = []'],
          ...['optional-dependencies = 3', '[project.optional-dependencies]', 'lint = ["ruff"]'],
          ...['[tool]', 'poetry = []', '[profile.ci.junit]', 'path = "/x"', 'path = "a"'],
        ),
        { maxLength: 8 },
      )
      .map((lines) => lines.join('\n')),
  );
  await fc.assert(
    fc.asyncProperty(toml, async (text) => {
      await isUsable({
        'pyproject.toml': text,
        'go.mod': text,
        'Cargo.toml': text,
        '.config/nextest.toml': text,
      });
    }),
    { numRuns: 50 },
  );
}, 60_000);
