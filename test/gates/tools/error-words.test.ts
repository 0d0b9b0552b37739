import { expect, it } from 'vitest';

import { errorWords } from '../../../src/gates/tools/error-words.ts';
import { foundNoProvider } from '../../../src/gates/tools/coverage-provider.ts';
import { lintVerdict } from '../../../src/gates/tools/lint.ts';
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

const deprecation = `(node:12) ESLintRCWarning: You are using an eslintrc configuration file, which is deprecated.
(Use \`node --trace-warnings ...\` to show where the warning was created)
`;
const crash = `
Oops! Something went wrong! :(

ESLint: 8.57.1

TypeError: Cannot read properties of undefined (reading 'name')
Occurred while linting /repo/src/a.ts:3
Rule: "local/mine"
    at Object.enter (/repo/rules/mine.js:4:9)
    at listener (/repo/node_modules/eslint/lib/linter/rule-tester.js:9:1)
`;

it.each([
  [
    `${deprecation}${crash}`,
    `TypeError: Cannot read properties of undefined (reading 'name') Occurred while linting /repo/src/a.ts:3 Rule: "local/mine"`,
  ],
  [
    `${deprecation}\nOops! Something went wrong! :(\n\nESLint: 9.1.0\n\nESLint couldn't find an eslint.config.(js|mjs|cjs) file.\n`,
    `ESLint couldn't find an eslint.config.(js|mjs|cjs) file.`,
  ],
  [`${deprecation}Invalid option '--nonsense'.\n`, `Invalid option '--nonsense'.`],
])(
  'a crash of eslint is told by its cause and its place, not by a warning of Node',
  (stderr, words) => {
    const { message } = lintVerdict('/repo', madeRun({ exitCode: 2, stderr }), undefined);
    expect(message).toBe(`eslint could not run: ${words}`);
  },
);

it.each([
  ['Error: Failed to load url @vitest/coverage-v8 (resolved id: @vitest/coverage-v8).', true],
  [" MISSING DEPENDENCY  Cannot find dependency '@vitest/coverage-istanbul'", true],
  ['Error: Failed to load url ./setup.ts', false],
])('a provider that vitest does not find is told from other trouble: %s', (stderr, is) => {
  expect(foundNoProvider(madeRun({ stderr }))).toBe(is);
});
