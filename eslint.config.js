import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The folders in the order the data travels, and what each may import from the others (see the table
 * at the end of the README). `errors.ts` and `log.ts` are open to all; third-party packages are not restricted here.
 */
const mayImport = {
  cli: ['config', 'coordinator', 'gates', 'issue', 'clients', 'store', 'inbox'],
  webhook: ['issue', 'inbox'],
  inbox: ['issue', 'store'],
  handlers: ['issue'],
  issue: [],
  store: ['issue'],
  clients: ['issue'],
  publish: ['issue', 'store'],
  work: ['issue', 'store'],
  api: ['issue', 'store', 'inbox', 'work'],
  gates: [],
};
const places = [...Object.keys(mayImport), 'config', 'coordinator', 'main'];

const layers = Object.entries(mayImport).map(([folder, allowed]) => {
  const forbidden = places.filter((place) => place !== folder && !allowed.includes(place));
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(\\./)*(\\.\\./)+(${forbidden.join('|')})(/|\\.ts$)`,
              message: `src/${folder} may import only ${['itself', ...allowed, 'errors.ts', 'log.ts'].join(', ')}.`,
            },
          ],
        },
      ],
    },
  };
});

/**
 * These stand below everything, and so import nothing of the project but each other. Checking the
 * environment includes checking the file of agents, whose words are those of `issue/`.
 */
const ground = {
  files: ['src/config.ts', 'src/errors.ts', 'src/log.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: '^\\.{1,2}/(?!((errors|log)|issue/agent(s|-profiles))\\.ts$)',
            message: 'This file may import only errors.ts, log.ts and the profiles of agents.',
          },
        ],
      },
    ],
  },
};

const noDynamicImport = {
  selector: 'ImportExpression',
  message: 'import() escapes the layer rules: import statically.',
};

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'node_modules', 'test/fixtures'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads the environment.' },
        { object: 'process', property: 'exit', message: 'Only main.ts ends the process.' },
        { object: 'vi', property: 'mock', message: 'Pass a fake in instead of mocking a module.' },
      ],
      'no-restricted-syntax': ['error', noDynamicImport],
      'no-console': 'error',
    },
  },
  ...layers,
  ground,
  {
    // A walk over a syntax tree means a few of 250 kinds of nodes; `default` stands for the rest.
    files: ['src/gates/integrity/**/*.ts'],
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  { files: ['src/main.ts'], rules: { 'no-restricted-syntax': 'off', 'no-console': 'off' } },
  { files: ['src/main.ts', 'src/config.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
