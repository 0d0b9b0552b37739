import { describe, expect, test } from 'vitest';

import { packageJson, proposedFor, type Tree } from '../../../support/proposed.ts';

const gatesOf = async (tree: Tree) => {
  const { file } = await proposedFor(tree);
  return 'gates' in file ? file.gates : undefined;
};
const installOf = async (tree: Tree) => {
  const { file } = await proposedFor({ 'package.json': {}, ...tree });
  return 'install' in file ? file.install : undefined;
};

describe('install', () => {
  const npm = ['npm ci --ignore-scripts'];
  const pnpm = ['pnpm install --frozen-lockfile --ignore-scripts'];
  const bun = ['bun install --frozen-lockfile --ignore-scripts'];
  const command = 'yarn install --immutable';

  test.each<[string, Tree, unknown]>([
    ['npm', { 'package-lock.json': '' }, npm],
    ['npm, shrunk', { 'npm-shrinkwrap.json': '' }, npm],
    ['pnpm', { 'pnpm-lock.yaml': '' }, pnpm],
    ['bun', { 'bun.lock': '' }, bun],
    ['bun, binary', { 'bun.lockb': '' }, bun],
    [
      'yarn 1',
      { 'yarn.lock': '# yarn lockfile v1' },
      ['yarn install --frozen-lockfile --ignore-scripts'],
    ],
    [
      'yarn with Plug’n’Play',
      { 'yarn.lock': '__metadata:\n  version: 8\n' },
      [{ command, env: { YARN_ENABLE_SCRIPTS: 'false', YARN_NODE_LINKER: 'node-modules' } }],
    ],
    [
      'yarn with node_modules',
      { 'yarn.lock': '__metadata:\n', '.yarnrc.yml': 'nodeLinker: node-modules\n' },
      [{ command, env: { YARN_ENABLE_SCRIPTS: 'false' } }],
    ],
    [
      'the manager that package.json names, of several',
      {
        'package.json': { packageManager: 'pnpm@10.1.0' },
        'package-lock.json': '',
        'pnpm-lock.yaml': '',
      },
      pnpm,
    ],
    ['no lockfile', {}, ['npm install --ignore-scripts --no-package-lock --no-audit --no-fund']],
    ['no lockfile, and not npm', { 'package.json': { packageManager: 'pnpm@10.1.0' } }, undefined],
  ])('%s', async (_, tree, expected) => {
    expect(await installOf(tree)).toEqual(expected);
  });

  test('a second lockfile is told', async () => {
    const { notes } = await proposedFor({
      'package.json': {},
      'package-lock.json': '',
      'bun.lock': '',
    });
    expect(notes).toContain('There are several lockfiles: install uses that of npm, not bun.lock.');
  });
});

describe('build', () => {
  test.each<[string, Tree, unknown]>([
    ['tsc', { ...packageJson({ typecheck: 'tsc --noEmit' }, 'typescript') }, {}],
    [
      'tsc with a project',
      packageJson({ test: 'tsc -p ./tsconfig.spec.json && vitest' }, 'typescript'),
      { tsconfig: ['tsconfig.spec.json'] },
    ],
    [
      'tsc with a directory',
      packageJson({ 'test:types': 'tsc -b packages/a' }, 'typescript'),
      { tsconfig: ['packages/a/tsconfig.json'] },
    ],
    [
      'a script that builds, which may leave tests out',
      packageJson({ build: 'tsc -p tsconfig.build.json' }, 'typescript'),
      {},
    ],
    [
      'vue-tsc',
      packageJson({ types: 'vue-tsc --noEmit' }, 'vue-tsc'),
      { command: 'vue-tsc --noEmit' },
    ],
    ['no typescript', packageJson({ typecheck: 'tsc' }), undefined],
  ])('%s', async (_, tree, build) => {
    const gates = await gatesOf({ ...tree, 'tsconfig.json': '{}' });
    expect(gates).toEqual(build === undefined ? undefined : expect.objectContaining({ build }));
  });

  test('without tsconfig.json the project of the script build, or a note', async () => {
    const json = packageJson({ build: 'tsc -p tsconfig.build.json' }, 'typescript');
    expect(await gatesOf(json)).toEqual({ build: { tsconfig: ['tsconfig.build.json'] } });
    const { notes } = await proposedFor({
      ...packageJson({}, 'typescript'),
      'tsconfig.app.json': '{}',
    });
    expect(notes.join()).toContain('such as tsconfig.app.json');
  });
});

describe('lint and format', () => {
  const installed = (name: string, version: string) => ({
    [`node_modules/${name}/package.json`]: { version },
  });

  test.each<[string, Tree, unknown]>([
    ['eslint', packageJson({ lint: 'eslint .' }, 'eslint'), { lint: {} }],
    [
      'eslint with paths',
      packageJson(
        { lint: 'eslint --ext .ts,.js --max-warnings 0 ./src/ "test/**/*.ts"' },
        'eslint',
      ),
      { lint: { paths: ['src', 'test/**/*.ts'] } },
    ],
    [
      'eslint without a way out of the directory',
      packageJson({ lint: 'eslint ../other /etc src' }, 'eslint'),
      { lint: { paths: ['src'] } },
    ],
    [
      'biome of today',
      {
        ...packageJson({ lint: 'biome check .' }, '@biomejs/biome'),
        ...installed('@biomejs/biome', '2.4.0'),
      },
      {
        lint: {
          command: 'biome ci . --reporter=sarif --reporter-file=lint.sarif',
          sarif: 'lint.sarif',
          level: 'error',
        },
      },
    ],
    [
      'biome that only lints, warnings included',
      {
        ...packageJson({ lint: 'biome lint --error-on-warnings src' }, '@biomejs/biome'),
        ...installed('@biomejs/biome', '2.6.1'),
      },
      {
        lint: {
          command: 'biome lint --error-on-warnings src --reporter=sarif --reporter-file=lint.sarif',
          sarif: 'lint.sarif',
        },
      },
    ],
    [
      'an older biome',
      {
        ...packageJson({ fix: 'biome check --write .' }, '@biomejs/biome'),
        ...installed('@biomejs/biome', '1.9.4'),
      },
      { lint: { command: 'biome ci' } },
    ],
    [
      'oxlint beside eslint',
      {
        ...packageJson({ lint: 'oxlint src && eslint src' }, 'oxlint', 'eslint'),
        ...installed('oxlint', '1.64.0'),
      },
      {
        lint: { paths: ['src'] },
        oxlint: {
          command: 'oxlint src -f sarif > lint.sarif',
          sarif: 'lint.sarif',
          level: 'error',
        },
      },
    ],
    [
      'an older oxlint',
      packageJson({ lint: 'oxlint --deny-warnings' }, 'oxlint'),
      { lint: { command: 'oxlint --deny-warnings' } },
    ],
    [
      'xo',
      packageJson({ test: 'xo && ava' }),
      expect.objectContaining({ lint: { command: 'xo' } }),
    ],
    [
      'prettier',
      packageJson({ lint: "prettier --check 'src/**/*'", 'lint:fix': 'prettier --write .' }),
      { format: { command: "prettier --check 'src/**/*'" } },
    ],
  ])('%s', async (_, tree, gates) => {
    expect(await gatesOf(tree)).toEqual(gates);
  });
});

describe('tests', () => {
  const junit = 'junit.xml';
  const lcov = { reportOf: 'test', lcov: 'coverage/lcov.info', thresholds: 85 };

  test.each<[string, Tree, unknown]>([
    [
      'vitest',
      packageJson({ test: 'vitest run --coverage' }, 'vitest', '@vitest/coverage-istanbul'),
      { test: {}, coverage: {} },
    ],
    [
      'vitest with a root, projects and paths',
      packageJson(
        { test: 'pnpm unit run', unit: 'vitest --root ./e2e --project a --project=b src/a' },
        'vitest',
      ),
      { test: { root: 'e2e', projects: ['a', 'b'], paths: ['src/a'] } },
    ],
    [
      'vitest with a configuration of its own',
      packageJson({ test: 'vitest -c other.ts --watch' }, 'vitest', '@vitest/coverage-v8'),
      {
        test: {
          command:
            'vitest run -c other.ts --reporter=default --reporter=junit --outputFile=junit.xml --coverage.enabled --coverage.reporter=cobertura --coverage.reportsDirectory=coverage',
          junit,
        },
        coverage: {
          reportOf: 'test',
          cobertura: 'coverage/cobertura-coverage.xml',
          thresholds: 85,
        },
      },
    ],
    ['vitest that no script runs', packageJson({}, 'vitest'), { test: {} }],
    [
      'jest with jest-junit',
      packageJson(
        { test: 'NODE_OPTIONS=--experimental-vm-modules jest --watch --coverage src' },
        'jest',
        'jest-junit',
      ),
      {
        test: {
          command:
            'jest src --ci --coverage --coverageReporters=cobertura --coverageReporters=text-summary --coverageDirectory=coverage --reporters=default --reporters=jest-junit',
          env: { NODE_OPTIONS: '--experimental-vm-modules', JEST_JUNIT_OUTPUT_FILE: junit },
          junit,
        },
        coverage: {
          reportOf: 'test',
          cobertura: 'coverage/cobertura-coverage.xml',
          thresholds: 85,
        },
      },
    ],
    [
      'mocha',
      packageJson({ test: 'mocha -R spec --exit "test/**/*.js"' }),
      {
        test: {
          command:
            'mocha --reporter xunit --reporter-option output=junit.xml --exit "test/**/*.js"',
          junit,
        },
      },
    ],
    [
      'mocha that another script runs under nyc',
      packageJson({ test: 'mocha', 'test-cov': 'nyc --reporter=html npm test' }),
      {
        test: {
          command:
            'nyc --reporter=lcov --report-dir=coverage mocha --reporter xunit --reporter-option output=junit.xml',
          junit,
        },
        coverage: lcov,
      },
    ],
    [
      'the runner of Node',
      packageJson({ test: 'node --import tsx --test "test/**/*.test.ts"' }),
      {
        test: {
          command:
            'node --import tsx --test --test-reporter=junit --test-reporter-destination=junit.xml --experimental-test-coverage --test-reporter=lcov --test-reporter-destination=lcov.info "test/**/*.test.ts"',
          junit,
        },
        coverage: { ...lcov, lcov: 'lcov.info' },
      },
    ],
    [
      'the runner of Node under c8',
      packageJson({ test: 'c8 --report-dir=out tsx --test' }),
      {
        test: {
          command:
            'c8 --reporter=lcov --report-dir=out tsx --test --test-reporter=junit --test-reporter-destination=junit.xml',
          junit,
        },
        coverage: { ...lcov, lcov: 'out/lcov.info' },
      },
    ],
    [
      'bun',
      packageJson({ test: 'bun test src' }),
      {
        test: {
          command:
            'bun test --reporter=junit --reporter-outfile=junit.xml --coverage --coverage-reporter=lcov --coverage-dir=coverage src',
          junit,
        },
        coverage: lcov,
      },
    ],
    ['ava', packageJson({ test: 'ava --watch' }), { test: { command: 'ava' } }],
    ['anything else', packageJson({ test: './run-tests.sh' }), { test: { command: 'npm test' } }],
    ['npm’s own', packageJson({ test: 'echo "Error: no test specified" && exit 1' }), undefined],
  ])('%s', async (_, tree, gates) => {
    expect(await gatesOf(tree)).toEqual(gates);
  });

  test('what the tests run on is built first, and what else they need is a note', async () => {
    const { file, notes } = await proposedFor({
      'package.json': {
        packageManager: 'pnpm@10.0.0',
        scripts: {
          build: 'tsc',
          'compile-tests': 'tsc -p test',
          seed: 'node seed.js',
          test: 'pnpm lint && pnpm build && pnpm compile-tests && pnpm seed && mocha dist && jest',
          lint: 'eslint .',
        },
      },
      'pnpm-lock.yaml': '',
    });
    expect(file).toMatchObject({ build: ['pnpm run build', 'pnpm run compile-tests'] });
    expect(notes).toContain(
      'The script test first runs node seed.js: when the tests need that, add it to build.',
    );
    expect(notes).toContain(
      'The script test also runs jest: add a gate for it, or none of it is checked.',
    );
  });
});

describe('a workspace', () => {
  const root = (scripts: Readonly<Record<string, string>>) => ({
    'package.json': { packageManager: 'pnpm@10.0.0', scripts },
    'pnpm-lock.yaml': '',
    'pnpm-workspace.yaml': 'packages:\n  - packages/*\n',
    'packages/b/package.json': { name: 'b', dependencies: { a: 'workspace:*' } },
  });
  const member = (main: string) => ({ 'packages/a/package.json': { name: 'a', main } });
  const stepsOf = async (tree: Tree) => {
    const { file, notes } = await proposedFor(tree);
    const about = notes.filter((note) => note.startsWith('Packages of the workspace'));
    return ['build' in file ? file.build : undefined, about.length];
  };

  test.each<[string, Tree, unknown]>([
    [
      'packages that import what others build',
      { ...root({ build: 'turbo build', test: 'vitest' }), ...member('./dist/index.js') },
      [['pnpm run build'], 1],
    ],
    [
      'the same without a script that builds',
      { ...root({ test: 'vitest' }), ...member('dist/index.js') },
      [undefined, 1],
    ],
    [
      'packages that import sources',
      { ...root({ build: 'turbo build' }), ...member('./src/index.ts') },
      [undefined, 0],
    ],
    [
      'what the tests build first by themselves',
      { ...root({ build: 'tsc', test: 'pnpm build && mocha' }), ...member('./dist/index.js') },
      [['pnpm run build'], 0],
    ],
  ])('%s', async (_, tree, steps) => {
    expect(await stepsOf(tree)).toEqual(steps);
  });
});
