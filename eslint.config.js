import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The rooms of src, and what each may import from the others (CONTRIBUTING.md).
 * `errors.ts`, `log.ts` and `lib/` are open to all rooms but `gates/`, which is a library of its own. Third-party packages are not restricted here.
 */
const mayImport = {
  issue: [],
  lib: [],
  db: [],
  reading: ['issue'],
  planning: ['issue'],
  plans: ['issue', 'planning', 'db'],
  inbox: ['issue', 'db'],
  gitea: ['issue'],
  claude: ['issue', 'reading', 'db'],
  claims: ['issue', 'planning', 'plans', 'db'],
  verification: ['issue', 'plans', 'claims', 'gates', 'gitea', 'db'],
  publish: ['issue', 'plans', 'gitea', 'db'],
  notify: ['issue', 'planning', 'claims', 'db'],
  handling: ['issue', 'reading', 'planning', 'plans', 'inbox', 'gitea', 'claims', 'publish', 'db'],
  reconcile: ['issue', 'plans', 'inbox', 'gitea', 'db'],
  gates: [],
  verifier: ['gates', 'issue'],
  work: ['gates', 'issue'],
  webhook: ['issue', 'inbox'],
  http: [],
  metrics: ['claims', 'claude', 'db', 'http'],
  edge: ['issue', 'inbox', 'webhook', 'http'],
  api: ['issue', 'planning', 'plans', 'inbox', 'claims', 'verification', 'gitea', 'http'],
  mcp: ['issue', 'planning', 'plans', 'claims', 'verification', 'api', 'http'],
  web: ['issue', 'planning', 'plans', 'inbox', 'claims', 'verification', 'api', 'http', 'db'],
  app: 'all but cli',
  cli: 'all',
};
const rooms = Object.keys(mayImport);
const openToAll = ['lib', 'errors', 'log'];
const places = [
  ...rooms,
  'config',
  'config-variables',
  'config-addresses',
  'config-callers',
  'main',
];

function forbiddenIn(room, allowed) {
  if (allowed === 'all') return ['main'];
  if (allowed === 'all but cli') return ['cli', 'main'];
  // A library of its own: not even lib and log.
  const open = room === 'gates' ? ['errors'] : openToAll;
  return [...places, ...openToAll].filter((place) => ![room, ...allowed, ...open].includes(place));
}

/** A room and `lib` are folders; a file of a room may have the name of another room. */
function pathOf(place) {
  return rooms.includes(place) ? `${place}/` : `${place}\\.ts$`;
}

const layers = Object.entries(mayImport).map(([room, allowed]) => ({
  files: [`src/${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(\\./)*(\\.\\./)+(${forbiddenIn(room, allowed).map(pathOf).join('|')})`,
            message: `src/${room} may import only: itself, ${[allowed, openToAll].flat().join(', ')}.`,
          },
        ],
      },
    ],
  },
}));

/**
 * These stand below everything, and so import nothing of the project but each other. Checking the
 * environment includes checking the file of agents, whose profiles belong to `planning/`.
 */
const ground = {
  files: [
    'src/config.ts',
    'src/config-variables.ts',
    'src/config-addresses.ts',
    'src/config-callers.ts',
    'src/errors.ts',
    'src/log.ts',
  ],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex:
              '^\\.{1,2}/(?!((errors|log|config-variables|config-addresses|config-callers)|planning/(built-in-agents|agent-profiles))\\.ts$)',
            message: 'This file may import only its neighbours below and the profiles of agents.',
          },
        ],
      },
    ],
  },
};

/** Only `src/cli`, which may import all rooms, loads others when a command needs them. */
const noDynamicImport = {
  selector: 'ImportExpression:not([source.value=/^\\.\\u002F/])',
  message: 'import() escapes the layer rules, but for files of its own folder: import statically.',
};

export default tseslint.config(
  {
    ignores: [
      'dist',
      'coverage',
      'node_modules',
      'test/fixtures',
      'test/support/scripted-claude.mjs',
    ],
  },
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
  { files: ['src/cli/**/*.ts'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['src/main.ts'], rules: { 'no-restricted-syntax': 'off', 'no-console': 'off' } },
  {
    // The commands of a gates file get named variables of whoever calls the gates.
    files: ['src/gates/command/caller-environment.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // The last one is a program of its own, which Node runs as a copy.
    files: ['src/main.ts', 'src/config.ts', 'src/gates/tools/vitest-question.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['*.js'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // Runs in browsers, as it is.
    files: ['src/web/assets/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        document: 'readonly',
        location: 'readonly',
        fetch: 'readonly',
        DOMParser: 'readonly',
        EventSource: 'readonly',
        AbortController: 'readonly',
        addEventListener: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
);
