import {
  type Row,
  add,
  fileRow,
  packageJson,
  vitestRow,
  scripts,
  testRows,
} from '../../support/integrity-rows.ts';

const configuration: Row[] = [
  vitestRow(
    'a threshold lowered',
    'thresholds: { lines: 90 },',
    'thresholds: { lines: 80 },',
    'threshold-lowered vitest.config.ts:6',
  ),
  vitestRow(
    'a threshold removed',
    'thresholds: { lines: 90, branches: 80 },',
    'thresholds: { lines: 90 },',
    'threshold-lowered vitest.config.ts:6',
  ),
  vitestRow(
    'all thresholds removed',
    'thresholds: { lines: 90 },',
    '',
    'threshold-lowered vitest.config.ts:5',
  ),
  vitestRow(
    'a threshold as a count',
    'thresholds: { lines: 90 },',
    'thresholds: { lines: -90 },',
    'threshold-lowered vitest.config.ts:6',
  ),
  vitestRow(
    'include shrunken',
    "include: ['src/**', 'lib/**'],",
    "include: ['src/**'],",
    'coverage-narrowed vitest.config.ts:6',
  ),
  vitestRow(
    'exclude grown',
    "exclude: ['a.ts'],",
    "exclude: ['a.ts', 'src/hard/**'],",
    'coverage-narrowed vitest.config.ts:6',
  ),
  vitestRow(
    'exclude added',
    'enabled: true,',
    "enabled: true,\nexclude: ['src/hard/**'],",
    'coverage-narrowed vitest.config.ts:7',
  ),
  vitestRow(
    'another option',
    'enabled: true,',
    'enabled: false,',
    'gate-config-edited vitest.config.ts:6',
  ),
  fileRow(
    'vite.config.js',
    'in vite.config',
    'export default { test: { coverage: { thresholds: { lines: 9 } } } };\n',
    'export default { test: { coverage: { thresholds: { lines: 8 } } } };\n',
    'threshold-lowered vite.config.js:1',
  ),
  fileRow(
    'tsconfig.json',
    'tsconfig',
    '{\n  // strict\n  "compilerOptions": { "strict": true },\n}\n',
    '{\n  // strict\n  "compilerOptions": { "strict": false },\n}\n',
    'gate-config-edited tsconfig.json:3',
  ),
  fileRow(
    'tsconfig.build.json',
    'a tsconfig that does not parse',
    '{ "a": 1 }\n',
    '{\n"a": ]\n',
    'gate-config-edited tsconfig.build.json:1',
  ),
  fileRow(
    'eslint.config.js',
    'eslint',
    "export default [{ rules: { 'no-x': 'error' } }];\n",
    "export default [{ rules: { 'no-x': 'off' } }];\n",
    'gate-config-edited eslint.config.js:1',
  ),
  fileRow(
    '.ci/run',
    'the pipeline',
    'npm ci\nnpm test\n',
    'npm ci\nnpm test || true\n',
    'gate-config-edited .ci/run:2',
  ),
  fileRow(
    '.gitea/workflows/ci.yml',
    'a workflow',
    'run: npm test\n',
    'run: "true"\n',
    'gate-config-edited .gitea/workflows/ci.yml:1',
  ),
  {
    name: 'a configuration removed',
    before: { 'eslint.config.js': 'export default [];\n' },
    after: { 'eslint.config.js': null, 'a.ts': add },
    expected: ['gate-config-edited eslint.config.js:1'],
  },
  {
    name: 'a configuration that takes over',
    before: { 'vite.config.ts': 'export default {};\n' },
    after: { 'vitest.config.ts': 'export default {};\n' },
    expected: ['gate-config-edited vitest.config.ts:1'],
  },
  {
    name: 'a file the configuration names',
    before: {
      'vitest.config.ts': "export default { test: { setupFiles: ['./test/setup.ts'] } };\n",
      'test/setup.ts': 'a();\n',
    },
    after: { 'test/setup.ts': 'b();\n' },
    expected: ['gate-config-edited test/setup.ts:1'],
  },
  {
    name: 'a base that tsconfig extends',
    before: { 'tsconfig.json': '{ "extends": "./base" }\n', 'base.json': '{ "a": 1 }\n' },
    after: { 'base.json': '{ "a": 2 }\n' },
    expected: ['gate-config-edited base.json:1'],
  },
  packageJson(
    'a test script',
    { scripts },
    { scripts: { ...scripts, test: 'true' } },
    'gate-script-edited package.json:3',
  ),
  packageJson(
    'a script that runs a tool',
    { scripts },
    { scripts: { ...scripts, types: 'true' } },
    'gate-script-edited package.json:6',
  ),
  packageJson(
    'a hook of a gate script',
    { scripts },
    { scripts: { ...scripts, pretest: 'rm -r test' } },
    'gate-script-edited package.json:7',
  ),
  packageJson(
    'a tool replaced',
    { devDependencies: { vitest: '^5.1.1' } },
    { devDependencies: { vitest: 'npm:vitesst@1' } },
    'gate-tool-replaced package.json:3',
  ),
  packageJson(
    'a tool overridden',
    { name: 'a' },
    { name: 'a', overrides: { eslint: '1.0.0' } },
    'gate-tool-replaced package.json:4',
  ),
];
const noConfiguration: Row[] = [
  vitestRow(
    'a threshold raised',
    'thresholds: { lines: 90 },',
    'thresholds: { lines: 95, branches: 80 },',
  ),
  vitestRow('include grown', "include: ['src/**'],", "include: ['src/**', 'lib/**'],"),
  vitestRow('exclude shrunken', "exclude: ['a.ts', 'b.ts'],", "exclude: ['a.ts'],"),
  vitestRow('a comment and layout', 'enabled: true,', '// Always.\n      "enabled": true'),
  fileRow(
    'tsconfig.json',
    'comments and layout of a tsconfig',
    '{ "a": [1, 2] }\n',
    '{\n  // both\n  "a": [1, 2],\n}\n',
  ),
  packageJson(
    'a dependency added',
    { scripts, dependencies: { a: '1.0.0' } },
    { scripts, dependencies: { a: '1.0.0', b: '2.0.0' } },
  ),
  packageJson(
    'a tool brought up to date',
    { devDependencies: { vitest: '^5.1.1' } },
    { devDependencies: { vitest: '^5.2.0' } },
  ),
  packageJson(
    'another script',
    { scripts },
    { scripts: { ...scripts, start: 'node other.js', bench: 'node bench.js' } },
  ),
  packageJson('name and version', { name: 'a', version: '1.0.0' }, { name: 'b', version: '1.0.1' }),
  {
    name: 'a new package with its own configuration',
    before: { 'a.ts': add },
    after: { 'packages/b/tsconfig.json': '{}\n', 'packages/b/package.json': '{}\n' },
    expected: [],
  },
  {
    name: 'a package removed',
    before: { 'a.ts': add, 'packages/b/tsconfig.json': '{}\n' },
    after: { packages: null },
    expected: [],
  },
  {
    name: 'a set-up file added with tests',
    before: { 'a.ts': add },
    after: { '.github/workflows/release.yml': 'on: push\n' },
    expected: [],
  },
  {
    name: 'line ends',
    before: { 'tsconfig.json': '{\n"a": 1\n}\n' },
    after: { 'tsconfig.json': '{\r\n"a": 1\r\n}\r\n' },
    expected: [],
  },
];

testRows('configuration is weakened', configuration);
testRows('configuration is not weakened', noConfiguration);

const pyproject = '[project]\nname = "a"\n\n[tool.pytest.ini_options]\ntestpaths = ["tests"]\n';
const otherTools: Row[] = [
  fileRow(
    '.mosaic/gates.json',
    'the gates file',
    '{ "gates": { "lint": { "paths": ["src", "test"] } } }\n',
    '{ "gates": { "lint": { "paths": ["src"] } } }\n',
    'gate-config-edited .mosaic/gates.json:1',
  ),
  fileRow(
    '.mosaic/gates-baseline.json',
    'the findings that are forgiven',
    '{ "a": 1 }\n',
    '{ "a": 2 }\n',
    'gate-config-edited .mosaic/gates-baseline.json:1',
  ),
  ...['biome.json', '.oxlintrc.json', 'jest.config.json', '.mocharc.json', '.nycrc'].map((path) =>
    fileRow(path, path, '{ "a": 1 }\n', '{ "a": 2 }\n', `gate-config-edited ${path}:1`),
  ),
  ...['jest.config.js', 'ava.config.js', '.pnpmfile.cjs'].map((path) =>
    fileRow(
      path,
      path,
      'export default { a: 1 };\n',
      'export default { a: 2 };\n',
      `gate-config-edited ${path}:1`,
    ),
  ),
  ...[
    'pytest.ini',
    'ruff.toml',
    'mypy.ini',
    '.golangci.yml',
    'clippy.toml',
    '.npmrc',
    'bunfig.toml',
  ].map((path) => fileRow(path, path, 'a = 1\n', 'a = 2\n', `gate-config-edited ${path}:1`)),
  fileRow(
    'pyproject.toml',
    'a tool in pyproject.toml',
    pyproject,
    pyproject.replace('"tests"', '"tests/fast"'),
    'gate-config-edited pyproject.toml:5',
  ),
  fileRow(
    'pyproject.toml',
    'a threshold of Python lowered',
    '[tool.coverage.report]\nfail_under = 85\n',
    '[tool.coverage.report]\nfail_under = 80\n',
    'gate-config-edited pyproject.toml:2',
  ),
  fileRow(
    'Cargo.toml',
    'lints of Rust',
    '[package]\nname = "a"\n[lints.rust]\nunsafe_code = "deny"\n',
    '[package]\nname = "a"\n[lints.rust]\nunsafe_code = "allow"\n',
    'gate-config-edited Cargo.toml:4',
  ),
  fileRow(
    'Cargo.toml',
    'a crate replaced',
    '[dependencies]\nserde = "1"\n',
    '[dependencies]\nserde = "1"\n[patch.crates-io]\nserde = { path = "evil" }\n',
    'dependency-overridden Cargo.toml:4',
  ),
  fileRow(
    'setup.cfg',
    'a tool in setup.cfg',
    '[metadata]\nname = a\n[tool:pytest]\naddopts = -q\n',
    '[metadata]\nname = a\n[tool:pytest]\naddopts = -q -k fast\n',
    'gate-config-edited setup.cfg:3',
  ),
  fileRow(
    'pnpm-workspace.yaml',
    'overrides of pnpm',
    'packages: [a]\n',
    'packages: [a]\noverrides:\n  chai: npm:evil@1\n',
    'dependency-overridden pnpm-workspace.yaml:3',
  ),
  fileRow(
    'patches/chai.patch',
    'a patch of a package',
    '-a\n+b\n',
    '-a\n+c\n',
    'gate-config-edited patches/chai.patch:2',
  ),
  packageJson(
    'another package in the place of one',
    { name: 'a' },
    { name: 'a', overrides: { loupe: 'npm:evil@1' } },
    'dependency-overridden package.json:4',
  ),
  packageJson(
    'a package from a file',
    { name: 'a' },
    { name: 'a', pnpm: { overrides: { loupe: 'file:./evil' } } },
    'dependency-overridden package.json:5',
  ),
  packageJson(
    'a patched package',
    { name: 'a' },
    { name: 'a', pnpm: { patchedDependencies: { loupe: 'patches/loupe.patch' } } },
    'dependency-overridden package.json:5',
  ),
  packageJson(
    'a script at installation',
    { scripts },
    { scripts: { ...scripts, postinstall: 'node evil.js' } },
    'install-script package.json:7',
  ),
  packageJson(
    'a script at installation that changed',
    { scripts: { postinstall: 'true' } },
    { scripts: { postinstall: 'node evil.js' } },
    'install-script package.json:3',
  ),
];
const noOtherTools: Row[] = [
  fileRow('pyproject.toml', 'a dependency of Python', pyproject, pyproject.replace('"a"', '"b"')),
  fileRow(
    'pyproject.toml',
    'a threshold of Python raised',
    '[tool.coverage.report]\nfail_under = 80\n',
    '[tool.coverage.report]\nfail_under = 85\n',
  ),
  fileRow(
    'Cargo.toml',
    'a crate',
    '[dependencies]\nserde = "1"\n',
    '[dependencies]\nserde = "1.1"\n',
  ),
  fileRow('setup.cfg', 'metadata', '[metadata]\nname = a\n', '[metadata]\nname = b\n'),
  fileRow('pnpm-workspace.yaml', 'a package more', 'packages: [a]\n', 'packages: [a, b]\n'),
  packageJson(
    'a script at installation removed',
    { scripts: { postinstall: 'x' } },
    { scripts: {} },
  ),
];
const nearer: Row[] = [
  {
    name: 'a linter in a new directory',
    before: { 'src/a.ts': add },
    after: { 'src/b/eslint.config.js': 'export default [];\n', 'src/b/b.ts': add },
    expected: ['gate-config-edited src/b/eslint.config.js:1'],
  },
  {
    name: 'a patch of a package, in the first directory of patches',
    before: { 'a.ts': add },
    after: { 'patches/vitest+5.1.1.patch': '-a\n+b\n' },
    expected: ['gate-config-edited patches/vitest+5.1.1.patch:1'],
  },
  {
    name: 'a shell script that the gates file runs',
    before: {
      '.mosaic/gates.json': '{ "gates": { "test": { "command": "sh run/test.sh" } } }\n',
      'run/test.sh': 'pytest\n',
      'run/other.sh': 'a\n',
    },
    after: { 'run/test.sh': 'pytest || true\n', 'run/other.sh': 'b\n' },
    expected: ['gate-config-edited run/test.sh:1'],
  },
  {
    name: 'a makefile that a script named like a gate runs',
    before: { 'package.json': '{ "scripts": { "test": "make test" } }\n', Makefile: 'test:\n' },
    after: { Makefile: 'test:\n\ttrue\n' },
    expected: ['gate-config-edited Makefile:2'],
  },
];
const forReviewers: Row[] = [
  {
    name: 'a linter of a new package',
    before: { 'a.ts': add },
    after: {
      'packages/b/eslint.config.js': 'export default [];\n',
      'packages/b/package.json': '{}\n',
    },
    expected: ['gate-config-edited packages/b/eslint.config.js:1'],
  },
  fileRow(
    '.prettierignore',
    'what is not formatted',
    'dist\n',
    'dist\nsrc\n',
    'gate-config-edited .prettierignore:2',
  ),
  packageJson(
    'the entry of the package',
    { exports: './src/a.js' },
    { exports: './lib/a.js' },
    'entry-mapped package.json:2',
  ),
  packageJson(
    'a package from a directory',
    { dependencies: {} },
    { dependencies: { a: 'file:./vendor/a' } },
    'dependency-source package.json:3',
  ),
  packageJson(
    'a version overridden',
    { name: 'a' },
    { name: 'a', overrides: { loupe: '^3.1.0' } },
    'dependency-overridden package.json:4',
  ),
  packageJson(
    'git hooks',
    { scripts },
    { scripts: { ...scripts, prepare: 'husky' } },
    'install-script package.json:7',
  ),
  packageJson(
    'a package under another name',
    { dependencies: {} },
    { dependencies: { a: 'npm:b@1' } },
    'dependency-source package.json:3',
  ),
  {
    name: 'the first gates file',
    before: { 'a.ts': add },
    after: { '.mosaic/gates.json': '{}\n' },
    expected: ['gate-config-edited .mosaic/gates.json:1'],
  },
].map((row) => ({ ...row, warns: true }));

testRows('configuration of other tools is weakened', otherTools);
testRows('configuration of other tools is not weakened', noOtherTools);
testRows('configuration takes over', nearer);
testRows('configuration is shown to the reviewer', forReviewers);
