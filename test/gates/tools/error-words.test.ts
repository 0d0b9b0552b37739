import { expect, it } from 'vitest';

import { errorWords } from '../../../src/gates/tools/error-words.ts';
import { madeRun } from '../support/made-run.ts';

const esbuild = `▲ [WARNING] Unrecognized target environment "es2024" [tsconfig.json]

    tsconfig.json:1:29:
      1 │ {"compilerOptions":{"target":"es2024"}}
        ╵                              ~~~~~~~~

failed to load config from /repo/vitest.config.mjs

⎯⎯⎯⎯⎯⎯ Unhandled Error ⎯⎯⎯⎯⎯⎯⎯
Error: Build failed with 1 error:
vitest.config.mjs:1:278: ERROR: Could not resolve "./nowhere.mjs"
    at failureErrorWithLog (/repo/node_modules/esbuild/lib/main.js:1472:15)
    at async start (file:///repo/node_modules/vitest/dist/cac.js:1415:17) {
  errors: [Getter/Setter],
  warnings: [Getter/Setter]
}

`;
const caused = `(!) Your Vite config uses features that are unsupported.
⎯⎯⎯⎯⎯⎯ Unhandled Error ⎯⎯⎯⎯⎯⎯⎯
Error: [vitest-pool]: Failed to start forks worker for test files /repo/a.test.ts.
 ❯ ../node_modules/vitest/dist/index.js:6037:94
 ❯ Pool.schedule ../node_modules/vitest/dist/index.js:6037:5

Caused by: Error: Failed to load url /repo/nope. Does the file exist?
 ❯ reviveInvokeError ../node_modules/vite/dist/module-runner.js:825:14
`;
const unknown = `file:///repo/node_modules/vitest/dist/cac.js:403
          throw new CACError(\`Unknown option\`);
                ^

CACError: Unknown option \`--nonsense\`
    at Command.checkUnknownOptions (file:///repo/node_modules/vitest/dist/cac.js:403:17)

Node.js v24.21.0
`;

it.each([
  [
    esbuild,
    'Error: Build failed with 1 error: vitest.config.mjs:1:278: ERROR: Could not resolve "./nowhere.mjs"',
  ],
  [
    caused,
    'Error: [vitest-pool]: Failed to start forks worker for test files /repo/a.test.ts. Caused by: Error: Failed to load url /repo/nope. Does the file exist?',
  ],
  [unknown, 'CACError: Unknown option `--nonsense`'],
  ['something else\n', 'something else'],
  ['', 'exit code 1, no output'],
])(
  'the words of vitest about its own problem begin at the error and end with the reason',
  (stderr, words) => {
    expect(errorWords(madeRun({ exitCode: 1, stderr }))).toBe(words);
  },
);

it('they are cut where a message would end', () => {
  const words = errorWords(madeRun({ stderr: `Error: ${'a'.repeat(5000)}` }));
  expect(words).toHaveLength(800);
  expect(words.endsWith('…')).toBe(true);
});
