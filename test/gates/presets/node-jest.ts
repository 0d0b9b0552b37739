import { failed, passed, type Preset } from './preset.ts';

export const nodeJest: Preset = {
  name: 'node-jest',
  needs: ['npm'],
  files: {
    'package.json': {
      private: true,
      scripts: { test: 'jest', lint: 'eslint src test' },
      jest: { collectCoverageFrom: ['src/**/*.js'] },
      devDependencies: { eslint: '^9.39.0', jest: '^30.0.0', 'jest-junit': '^16.0.0' },
    },
    'eslint.config.js':
      "module.exports = [{ files: ['**/*.js'], rules: { 'no-debugger': 'error' } }];\n",
    'src/sums.js':
      'exports.add = (a, b) => a + b;\nexports.half = (a) => {\n  if (a % 2) throw new Error(a);\n  return a / 2;\n};\n',
    'test/sums.test.js':
      "const { add, half } = require('../src/sums.js');\ntest('adds', () => expect(add(1, 2)).toBe(3));\ntest('halves', () => {\n  expect(half(4)).toBe(2);\n  expect(() => half(3)).toThrow();\n});\n",
  },
  locks: ['npm install --package-lock-only --ignore-scripts --no-audit --no-fund'],
  trees: [
    { name: 'sound', files: {}, expected: { lint: passed, test: passed, coverage: passed } },
    {
      name: 'broken',
      files: {
        'src/more.js': 'exports.more = () => {\n  debugger;\n};\n',
        'test/more.test.js':
          "const { add } = require('../src/sums.js');\ntest('is red', () => {\n  expect(add(1, 1)).toBe(3);\n});\n",
      },
      expected: { lint: failed('src/more.js:2'), test: failed('test/more.test.js:3') },
    },
    {
      name: 'uncovered',
      files: {
        'src/never.js':
          'exports.never = (a) => {\n  const b = a;\n  const c = b;\n  return c;\n};\nexports.other = () => 1;\n',
      },
      expected: { lint: passed, test: passed, coverage: failed('src/never.js') },
    },
  ],
};
