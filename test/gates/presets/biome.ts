import { failed, passed, type Preset } from './preset.ts';

const sums = `export function add(a, b) {
  return a + b;
}
`;

export const biome: Preset = {
  name: 'biome',
  needs: ['npm'],
  files: {
    'package.json': `{
  "private": true,
  "type": "module",
  "scripts": { "test": "node --test", "lint": "biome check src test" },
  "devDependencies": { "@biomejs/biome": "^2.4.0" }
}
`,
    'biome.json': `{
  "formatter": { "indentStyle": "space" },
  "javascript": { "formatter": { "quoteStyle": "single" } }
}
`,
    'src/sums.js': sums,
    'test/sums.test.js': `import assert from 'node:assert';
import { test } from 'node:test';
import { add } from '../src/sums.js';

test('adds', () => {
  assert.equal(add(1, 2), 3);
});
`,
  },
  locks: ['npm install --package-lock-only --ignore-scripts --no-audit --no-fund'],
  trees: [
    { name: 'sound', files: {}, expected: { lint: passed, test: passed, coverage: passed } },
    {
      name: 'broken',
      files: {
        'src/more.js': 'export function more() {\n  debugger;\n}\n',
        'test/more.test.js': `import assert from 'node:assert';
import { test } from 'node:test';
import { add } from '../src/sums.js';

test('is red', () => {
  assert.equal(add(1, 1), 3);
});
`,
      },
      expected: { lint: failed('src/more.js:2'), test: failed('test/more.test.js:6') },
    },
    {
      name: 'uncovered',
      files: {
        'src/sums.js': `${sums}
export function never(a) {
  const b = a;
  const c = b;
  return c;
}
`,
      },
      expected: { lint: passed, test: passed, coverage: failed('src/sums.js') },
    },
  ],
};
