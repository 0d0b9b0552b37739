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
