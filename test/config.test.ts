import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { expect, test } from 'vitest';

import {
  loadAgents,
  loadConfig,
  loadPlanConfig,
  loadStoreConfig,
  readVersion,
  type Environment,
  type PlanConfig,
} from '../src/config.ts';
import { secretNames, variableNames } from '../src/config-variables.ts';
import { ConfigError } from '../src/errors.ts';
import { builtIn, builtInAgents } from '../src/planning/built-in-agents.ts';
import { temporaryDirectory } from './support/service.ts';

const secret = 'sixteen-bytes-ok';
const required = {
  GITEA_WEBHOOK_SECRET: secret,
  GITEA_URL: 'https://git.example.test',
  ANTHROPIC_API_KEY: 'key-of-the-tests',
};

function load(more: Environment = {}) {
  return loadConfig({ ...required, ...more });
}

/** What the one error says, line by line; fails when there is none. */
function problems(environment: Environment, check: (env: Environment) => unknown = loadConfig) {
  try {
    check(environment);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.replace('  - ', ''));
    throw error;
  }
  throw new Error('the configuration was accepted');
}

test('with the required variables everything else has its default', () => {
  expect(load()).toEqual({
    webhookSecrets: { current: secret, previous: undefined },
    giteaUrl: 'https://git.example.test',
    botUsername: undefined,
    issueReader: 'claude',
    claude: {
      apiKey: 'key-of-the-tests',
      baseUrl: undefined,
      model: 'claude-sonnet-5-5',
      fallbackModel: 'claude-opus-5-5',
      secondOpinion: true,
    },
    giteaToken: undefined,
    publish: { comment: false, labels: false },
    logLevel: 'info',
    host: '0.0.0.0',
    port: 8000,
    allowNetworkDatabase: false,
    database: resolve('data/coordinator.db'),
    agents: builtInAgents,
    apiTokens: [],
    workerConcurrency: 4,
    leaseSeconds: 900,
    thresholds: { compactAt: 0.8, rotateAt: 0.95 },
    deliveryRetentionDays: 30,
    holdLabels: ['blocked', 'on hold'],
    reconcileIntervalSeconds: 60,
    verifiers: 1,
    pullRequests: true,
    publicUrl: undefined,
    trustProxy: [],
    oauth: undefined,
    metricsToken: undefined,
    otlpEndpoint: undefined,
    notify: { targets: [], secret: undefined },
  });
  expect(Object.isFrozen(load())).toBe(true);
});

test('an empty environment is told which variables are required', () => {
  expect(problems({})).toEqual([
    'GITEA_WEBHOOK_SECRET is required',
    'GITEA_URL is required',
    'ANTHROPIC_API_KEY is required unless ISSUE_READER is offline',
  ]);
  const offline = { GITEA_WEBHOOK_SECRET: secret, GITEA_URL: required.GITEA_URL };
  expect(loadConfig({ ...offline, ISSUE_READER: 'offline' }).claude).toBeUndefined();
});

const wrong: Environment = {
  GITEA_WEBHOOK_SECRET: 'short-1',
  GITEA_WEBHOOK_SECRET_PREVIOUS: 'short-2',
  GITEA_URL: 'ftp://wrong-3',
  ANTHROPIC_API_KEY: 'wrong 4',
  ISSUE_READER: 'wrong-5',
  ANTHROPIC_BASE_URL: 'wrong-6',
  CLAUDE_MODEL: 'wrong 7',
  CLAUDE_FALLBACK_MODEL: 'wrong 8',
  SECOND_OPINION: 'wrong-8b',
  LOG_LEVEL: 'wrong-9',
  HOST: 'wrong 10',
  PORT: '65536',
  DATABASE_URL: 'wrong-12',
  ALLOW_NETWORK_DATABASE: 'wrong-23',
  GITEA_TOKEN: 'wrong 13',
  GITEA_BOT_USERNAME: 'wrong 14',
  PUBLISH: 'wrong-15',
  RECONCILE_INTERVAL_SECONDS: '16.5',
  AGENTS_FILE: 'wrong-22',
  API_TOKENS: 'wrong-17',
  WORKER_CONCURRENCY: 'wrong-18',
  DELIVERY_RETENTION_DAYS: '-19',
  CONTEXT_COMPACT_AT: '1.20',
  CONTEXT_ROTATE_AT: 'wrong-21',
  HOLD_LABELS: ',/',
  LEASE_SECONDS: '1',
  VERIFIERS: '9',
  PULL_REQUESTS: 'wrong-24',
  PUBLIC_URL: 'ftp://wrong-25',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'wrong-33',
  METRICS_TOKEN: 'wrong-29',
  NOTIFY_URL: 'wrong-27',
  NOTIFY_SECRET: 'wrong-28',
  OAUTH_CLIENT_ID: 'wrong 30',
  OAUTH_CLIENT_SECRET: 'wrong 31',
  OAUTH_USERS: 'wrong-32',
  TRUST_PROXY: 'wrong-26',
};

test('with every variable wrong, one error names each of them once, and no value', () => {
  const told = problems(wrong);
  expect(told).toMatchInlineSnapshot(`
    [
      "GITEA_WEBHOOK_SECRET must be at least 16 bytes long",
      "GITEA_WEBHOOK_SECRET_PREVIOUS must be at least 16 bytes long",
      "GITEA_URL must be an http or https URL without user, query or fragment",
      "ANTHROPIC_API_KEY must be printable ASCII without blanks",
      "ISSUE_READER must be claude or offline",
      "ANTHROPIC_BASE_URL must be an http or https URL without user, query or fragment",
      "CLAUDE_MODEL must be the id of a model",
      "CLAUDE_FALLBACK_MODEL must be the id of a model",
      "SECOND_OPINION must be on or off",
      "LOG_LEVEL must be one of debug, info, warning, error",
      "HOST must be an address or host name to listen on",
      "PORT must be a whole number from 0 to 65535",
      "DATABASE_URL must be file: and a path, such as file:./data/coordinator.db, or postgres://user:password@host:5432/database",
      "ALLOW_NETWORK_DATABASE must be true or false",
      "GITEA_TOKEN must be printable ASCII without blanks",
      "GITEA_BOT_USERNAME must be a Gitea user name",
      "PUBLISH must be comment,labels or comment or labels or none",
      "RECONCILE_INTERVAL_SECONDS must be a whole number from 10 to 86400",
      "AGENTS_FILE names a file that cannot be read as UTF-8 text, or is larger than 1 MB",
      "API_TOKENS must be name:token or name:role:token with tokens of at least 16 characters; the roles are reader, worker, verifier, operator (entry 1)",
      "WORKER_CONCURRENCY must be a whole number from 1 to 64",
      "DELIVERY_RETENTION_DAYS must be a whole number from 1 to 3650",
      "CONTEXT_COMPACT_AT must be a number above 0 and up to 1, such as 0.80",
      "CONTEXT_ROTATE_AT must be a number above 0 and up to 1, such as 0.80",
      "HOLD_LABELS must be names of labels, separated by commas, or none",
      "LEASE_SECONDS must be a whole number from 2 to 86400",
      "VERIFIERS must be a whole number from 0 to 8",
      "PULL_REQUESTS must be on or off",
      "PUBLIC_URL must be an http or https URL without user, query or fragment",
      "OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL without user, query or fragment",
      "METRICS_TOKEN must be at least 16 characters long",
      "NOTIFY_URL must be URLs of http or https, separated by blanks or commas; before the URL of ntfy, Slack or Matrix stands ntfy+, slack+ or matrix+ (entry 1)",
      "NOTIFY_SECRET must be whsec_ and 24 to 64 bytes in base64",
      "OAUTH_CLIENT_ID must be the client id of an OAuth2 application of Gitea",
      "OAUTH_CLIENT_SECRET must be printable ASCII without blanks",
      "OAUTH_USERS must be login:role or login:reader[repos=owner/*], separated by commas; the roles are reader, worker, verifier, operator (entry 1)",
      "TRUST_PROXY must be addresses or ranges of proxies, separated by commas, such as loopback,10.0.0.0/8",
    ]
  `);
  expect(told.map((line) => line.split(' ')[0])).toEqual(variableNames);
  for (const value of Object.values(wrong).filter((text) => /[a-z]/.test(text ?? '')))
    expect(told.join('\n')).not.toContain(value);
});

test.each<[string, Environment, string]>([
  [
    'GITEA_WEBHOOK_SECRET',
    { GITEA_WEBHOOK_SECRET: 'x'.repeat(15) },
    'must be at least 16 bytes long',
  ],
  [
    'GITEA_URL',
    { GITEA_URL: 'https://user:pass@git.example.test' },
    'must be an http or https URL without user, query or fragment',
  ],
  [
    'GITEA_URL',
    { GITEA_URL: 'https://git.example.test/?a=b' },
    'must be an http or https URL without user, query or fragment',
  ],
  [
    'GITEA_URL',
    { GITEA_URL: 'https://git.example.test/#a' },
    'must be an http or https URL without user, query or fragment',
  ],
  [
    'GITEA_URL',
    { GITEA_URL: 'git.example.test' },
    'must be an http or https URL without user, query or fragment',
  ],
  ['ISSUE_READER', { ISSUE_READER: 'opus' }, 'must be claude or offline'],
  ['PORT', { PORT: '80a' }, 'must be a whole number from 0 to 65535'],
  ['PORT', { PORT: '9'.repeat(400) }, 'must be a whole number from 0 to 65535'],
  [
    'CONTEXT_COMPACT_AT',
    { CONTEXT_COMPACT_AT: '0.0' },
    'must be a number above 0 and up to 1, such as 0.80',
  ],
  [
    'GITEA_URL',
    { GITEA_URL: 'http:git.example.test' },
    'must be an http or https URL without user, query or fragment',
  ],
  ...['file://host/x.db', 'file::memory:', 'file:a%20b.db'].map(
    (url): [string, Environment, string] => [
      'DATABASE_URL',
      { DATABASE_URL: url },
      'must be file: and a path, such as file:./data/coordinator.db, or postgres://user:password@host:5432/database',
    ],
  ),
  [
    'DATABASE_URL',
    { DATABASE_URL: 'file:' },
    'must be file: and a path, such as file:./data/coordinator.db, or postgres://user:password@host:5432/database',
  ],
  [
    'DATABASE_URL',
    { DATABASE_URL: 'mysql://db/coordinator' },
    'must be file: and a path, such as file:./data/coordinator.db, or postgres://user:password@host:5432/database',
  ],
  [
    'DATABASE_URL',
    { DATABASE_URL: 'file:a.db?mode=ro' },
    'must be file: and a path, such as file:./data/coordinator.db, or postgres://user:password@host:5432/database',
  ],
  [
    'DATABASE_URL',
    { DATABASE_URL: 'postgres://ann:sec#ret@db/coordinator' },
    'must be postgres://user:password@host:5432/database; characters such as @ : / ? # % in a password are written as %40 %3A %2F %3F %23 %25',
  ],
  [
    'DATABASE_URL',
    { DATABASE_URL: 'postgres://ann:secret@db:5432' },
    'must name a database of the PostgreSQL server after the host, as in postgres://user:password@host:5432/database',
  ],
  [
    'DATABASE_URL',
    { DATABASE_URL: 'postgres://ann:secret@db/x?target_session_attrs=read-write' },
    'has a parameter that is not known after the ?; known are host, port, user, password, application_name, options, ssl, sslmode, sslrootcert, sslcert, sslkey, sslnegotiation, uselibpqcompat',
  ],
  [
    'DATABASE_URL',
    { DATABASE_URL: 'postgres:///coordinator' },
    'must name the host of the PostgreSQL server, as in postgres://user:password@host:5432/database',
  ],
])('%s is refused when it is %j', (name, more, message) => {
  expect(problems({ ...required, ...more })).toEqual([`${name} ${message}`]);
});

test.each<[string, Environment, string]>([
  [
    'rotating below compacting',
    { CONTEXT_COMPACT_AT: '0.9', CONTEXT_ROTATE_AT: '0.8' },
    'CONTEXT_ROTATE_AT must not be below CONTEXT_COMPACT_AT',
  ],
  [
    'rotating below the default of compacting',
    { CONTEXT_ROTATE_AT: '0.5' },
    'CONTEXT_ROTATE_AT must not be below CONTEXT_COMPACT_AT',
  ],
  ['publishing without a token', { PUBLISH: 'labels' }, 'PUBLISH needs GITEA_TOKEN to write with'],
  [
    'twice the same secret',
    { GITEA_WEBHOOK_SECRET_PREVIOUS: secret },
    'GITEA_WEBHOOK_SECRET_PREVIOUS must differ from GITEA_WEBHOOK_SECRET',
  ],
])('a pair that makes no sense is refused: %s', (_name, more, message) => {
  expect(problems({ ...required, ...more })).toEqual([message]);
});

test('pairs that make sense are accepted', () => {
  load({ CONTEXT_COMPACT_AT: '0.8', CONTEXT_ROTATE_AT: '.8' });
  load({ PUBLISH: 'none' });
  load({ PUBLISH: 'labels,comment', GITEA_TOKEN: 'some-token' });
  const { webhookSecrets } = load({ GITEA_WEBHOOK_SECRET_PREVIOUS: 'another-secret-01' });
  expect(webhookSecrets).toEqual({ current: secret, previous: 'another-secret-01' });
});

test('empty counts as not set', () => {
  const empty = Object.fromEntries(variableNames.map((name) => [name, '']));
  const emptyFiles = Object.fromEntries(secretNames.map((name) => [`${name}_FILE`, '']));
  expect(loadConfig({ ...empty, ...emptyFiles, ...required })).toEqual(load());
  expect(problems({ ...required, GITEA_URL: '' })).toEqual(['GITEA_URL is required']);
});

test.each([
  ['a secret', 'as it is', 'a-secret-from-a-file', 'a-secret-from-a-file'],
  ['one trailing newline', 'dropped', 'a-secret-from-a-file\n', 'a-secret-from-a-file'],
  ['two trailing newlines', 'dropped once', 'a-secret-from-a-file\n\n', 'a-secret-from-a-file\n'],
  ['a trailing line end of Windows', 'dropped', 'a-secret-from-a-file\r\n', 'a-secret-from-a-file'],
  ['blanks around', 'kept', '  a-secret-from-a-file ', '  a-secret-from-a-file '],
])('a secret may come from a file: %s is %s', (_what, _fate, content, expected) => {
  const path = join(temporaryDirectory(), 'secret');
  writeFileSync(path, content);
  const { webhookSecrets } = loadConfig({
    ...required,
    GITEA_WEBHOOK_SECRET: undefined,
    GITEA_WEBHOOK_SECRET_FILE: path,
  });
  expect(webhookSecrets.current).toBe(expected);
});

test.each(secretNames)('%s may come from a file, but not from both', (name) => {
  const path = join(temporaryDirectory(), 'secret');
  const values: Environment = {
    API_TOKENS: 'ann:token-of-sixteen-1',
    DATABASE_URL: 'postgres://ann:secret@db/coordinator',
    NOTIFY_URL: 'slack+https://hooks.example.test/secret',
    NOTIFY_SECRET: `whsec_${'c2VjcmV0'.repeat(5)}`,
  };
  const value = values[name] ?? 'token-of-sixteen-1';
  writeFileSync(path, value);
  const beside: Environment =
    name === 'OAUTH_CLIENT_SECRET'
      ? {
          ...{ OAUTH_CLIENT_ID: 'id', OAUTH_USERS: 'ann:reader' },
          ...{ PUBLIC_URL: 'https://c.example.test', API_TOKENS: 'ann:token-of-sixteen-1' },
        }
      : {};
  const rest: Environment = { ...required, ...beside, [name]: undefined };
  loadConfig({ ...rest, [`${name}_FILE`]: path });
  const both = { ...rest, [name]: value, [`${name}_FILE`]: path };
  expect(problems(both)).toEqual([`${name} and ${name}_FILE are both set: keep one`]);
});

test('a file that cannot be read is named by its variable, not by its path', () => {
  const directory = temporaryDirectory();
  const missing = join(directory, 'not-there');
  expect(problems({ ...required, GITEA_TOKEN_FILE: missing })).toEqual([
    'GITEA_TOKEN_FILE names a file that cannot be read as UTF-8 text',
  ]);
  expect(problems({ ...required, GITEA_TOKEN_FILE: directory })).toEqual([
    'GITEA_TOKEN_FILE names a file that cannot be read as UTF-8 text',
  ]);
});

test('API tokens are pairs of a name and a token, which may contain a colon', () => {
  const operator = { role: 'operator', repositories: undefined, agents: undefined };
  expect(load({ API_TOKENS: 'ann:token-of-sixteen-1, bob:t0k3n:of:sixteen:2' }).apiTokens).toEqual([
    { name: 'ann', token: 'token-of-sixteen-1', ...operator },
    { name: 'bob', token: 't0k3n:of:sixteen:2', ...operator },
  ]);
});

test.each([
  ['ann:reader:token-of-sixteen-1', { role: 'reader' }],
  ['ann:Worker:token:of:sixteen:1', { role: 'worker', token: 'token:of:sixteen:1' }],
  ['ann:operator:readers:of-sixteen-1', { role: 'operator', token: 'readers:of-sixteen-1' }],
  ['ann:8f3Rk2:token-of-sixteen-1', { role: 'operator', token: '8f3Rk2:token-of-sixteen-1' }],
  [
    'ann:worker[repos=Acme/*;acme/orbit,agents=Sonnet]:token-of-sixteen-1',
    { role: 'worker', repositories: ['acme/*', 'acme/orbit'], agents: ['sonnet'] },
  ],
  [
    'ann:verifier[agents=opus|haiku, repos=a/b]:token-of-sixteen-1',
    { role: 'verifier', repositories: ['a/b'], agents: ['opus', 'haiku'] },
  ],
])('API_TOKENS may give a role and narrow it: %s', (text, expected) => {
  const tokens = load({ API_TOKENS: `${text},bob:operator:token-of-sixteen-2` }).apiTokens;
  expect(tokens).toMatchObject([
    { name: 'ann', ...expected },
    { name: 'bob', role: 'operator' },
  ]);
});

test.each([
  ['token-of-sixteen-1', 'must be name:token'],
  [':token-of-sixteen-1', 'must be name:token'],
  ['ann:short', 'must be name:token'],
  ['ann:', 'must be name:token'],
  ['a n:token-of-sixteen-1', 'must be name:token'],
  ['ann:token of sixteen 1', 'must be name:token'],
  ['ann:token-of-sixteen-1,', 'must be name:token'],
  ['ann:reader:short', 'must be name:token'],
  ['ann:worker[repos=acme/*:token-of-sixteen-1', 'must narrow a caller'],
  ['ann:worker[repos=acme]:token-of-sixteen-1', 'must narrow a caller'],
  ['ann:worker[repos=*]:token-of-sixteen-1', 'must narrow a caller'],
  ['ann:worker[rooms=a/b]:token-of-sixteen-1', 'must narrow a caller'],
  ['ann:worker[]:token-of-sixteen-1', 'must narrow a caller'],
  ['ann:admin[repos=a/b]:token-of-sixteen-1', 'must narrow a caller'],
  ['ann:admin:token-of-sixteen-1', 'must have one of the roles reader, worker'],
  ['ann:readers:token-of-sixteen-1', 'must have one of the roles'],
  ['ann:WORKR:token-of-sixteen-1', 'must have one of the roles'],
  ['ann:wor-ker:token-of-sixteen-1', 'must have one of the roles'],
  ['ann: admin:token-of-sixteen-1', 'must have one of the roles'],
  ['ann:worker2:token-of-sixteen-1', 'must have one of the roles'],
  ['ann:admin:operator:token-of-sixteen-1', 'must have one of the roles'],
  ['ann:operator[repos=a/b]:token-of-sixteen-1', 'must not narrow an operator'],
  ['ann:worker[agents=nobody]:token-of-sixteen-1', 'narrows a caller to an agent'],
  ['ann:token-of-sixteen-1,ann:token-of-sixteen-2', 'must not name a caller or a token twice'],
  ['ann:token-of-sixteen-1,bob:token-of-sixteen-1', 'must not name a caller or a token twice'],
])('API_TOKENS of the form %s are refused', (tokens, message) => {
  const told = problems({ ...required, API_TOKENS: tokens });
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(`API_TOKENS ${message}`);
  expect(told[0]).not.toContain('sixteen-1');
});

test.each([
  ['file:./data/x.db', resolve('data/x.db')],
  ['file:x.db', resolve('x.db')],
  ['file:/var/lib/x.db', '/var/lib/x.db'],
  ['file:///var/lib/x.db', '/var/lib/x.db'],
  [
    'postgres://ann:a%40b@db:5433/x?sslmode=require',
    'postgres://ann:a%40b@db:5433/x?sslmode=require',
  ],
  ['postgresql://db/x', 'postgres://db/x'],
  ['postgres:///x?host=/run/postgresql', 'postgres:///x?host=/run/postgresql'],
])('the database at %s is %s', (url, path) => {
  expect(load({ DATABASE_URL: url }).database).toBe(path);
});

test.each([
  ['https://git.example.test/', 'https://git.example.test'],
  ['http://git.example.test:3000/gitea/', 'http://git.example.test:3000/gitea'],
  ['https://git.example.test/a/b', 'https://git.example.test/a/b'],
  ['https://git.example.test///', 'https://git.example.test'],
  ['HTTPS://git.example.test/a/../b', 'https://git.example.test/b'],
])('the address %s of Gitea is kept as %s', (url, kept) => {
  expect(load({ GITEA_URL: url }).giteaUrl).toBe(kept);
});

test('warn is another word for the level warning', () => {
  expect(load({ LOG_LEVEL: 'warn' }).logLevel).toBe('warning');
  expect(load({ LOG_LEVEL: 'warning' }).logLevel).toBe('warning');
});

test('a command that reads the database needs only its place and the address of Gitea', () => {
  expect(loadStoreConfig({ GITEA_URL: 'https://git.example.test/', PORT: 'x' })).toEqual({
    giteaUrl: 'https://git.example.test',
    database: resolve('data/coordinator.db'),
  });
  expect(problems({ DATABASE_URL: 'x' }, loadStoreConfig).sort()).toEqual([
    'DATABASE_URL must be file: and a path, such as file:./data/coordinator.db, or postgres://user:password@host:5432/database',
    'GITEA_URL is required',
  ]);
});

const withoutService = { PORT: 'x', API_TOKENS: 'x', API_TOKENS_FILE: '/nowhere' };
const askedModels = {
  model: 'claude-sonnet-5-5',
  fallbackModel: 'claude-opus-5-5',
  secondOpinion: true,
};

test.each<[string, Environment, PlanConfig['claude']]>([
  ['nothing', {}, undefined],
  ['no key', { ISSUE_READER: 'offline' }, undefined],
  ['a key, though not to be used', { ISSUE_READER: 'offline', ANTHROPIC_API_KEY: 'k' }, undefined],
  ['a key', { ANTHROPIC_API_KEY: 'k' }, { apiKey: 'k', baseUrl: undefined, ...askedModels }],
  [
    'a key, empty variables and an address',
    { ISSUE_READER: '', ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'http://127.0.0.1:9/' },
    { apiKey: 'k', baseUrl: 'http://127.0.0.1:9', ...askedModels },
  ],
])('plan needs no configuration, given %s', (_name, environment, claude) => {
  expect(loadPlanConfig({ ...withoutService, ...environment })).toEqual({
    giteaUrl: undefined,
    agents: builtIn.agents,
    claude,
  });
});

test('plan is told all that is wrong with what it looks at', () => {
  const given = { ...withoutService, ISSUE_READER: 'claude', GITEA_URL: 'x' };
  expect(problems(given, loadPlanConfig).sort()).toEqual([
    'ANTHROPIC_API_KEY is required unless ISSUE_READER is offline',
    'GITEA_URL must be an http or https URL without user, query or fragment',
  ]);
  expect(problems({ ANTHROPIC_API_KEY_FILE: '/nowhere' }, loadPlanConfig)).toContain(
    'ANTHROPIC_API_KEY_FILE names a file that cannot be read as UTF-8 text',
  );
});

/** A file of agents that holds this. */
function agentsFile(text: string | Buffer): string {
  const path = join(temporaryDirectory(), 'agents.json');
  writeFileSync(path, text);
  return path;
}

test('AGENTS_FILE takes the place of the built-in agents', () => {
  const agents = builtInAgents.slice(1, 2);
  const path = agentsFile(JSON.stringify({ asOf: '2026-12', agents }));
  expect(load({ AGENTS_FILE: path }).agents).toEqual(agents);
  expect(loadAgents({ AGENTS_FILE: path })).toEqual({ asOf: '2026-12', agents, file: true });
  expect(loadAgents({})).toEqual({ ...builtIn, file: false });
});

test('a wrong AGENTS_FILE is told with the other variables, every problem with its place', () => {
  const path = agentsFile('{"agents":[{"name":"Not A Name"}]}');
  const told = problems({ ...required, AGENTS_FILE: path, PORT: 'wrong' });
  expect(told[0]).toBe('PORT must be a whole number from 0 to 65535');
  expect(told[1]).toMatch(/^AGENTS_FILE names an invalid file: agents\[0\]\.name must be /);
  expect(told).toHaveLength(8);
});

test.each<[string, () => string]>([
  ['missing', () => join(temporaryDirectory(), 'missing.json')],
  ['a folder', () => temporaryDirectory()],
  ['not UTF-8', () => agentsFile(Buffer.from([0x7b, 0xff, 0x7d]))],
  ['too large', () => agentsFile(' '.repeat(1_000_001))],
])('an AGENTS_FILE that is %s is refused', (_name, path) => {
  const told = [
    'AGENTS_FILE names a file that cannot be read as UTF-8 text, or is larger than 1 MB',
  ];
  expect(problems({ ...required, AGENTS_FILE: path() })).toEqual(told);
  expect(problems({ AGENTS_FILE: path() }, loadAgents)).toEqual(told);
});

test('the version is the one of the package', () => {
  expect(readVersion()).toMatch(/^\d+\.\d+\.\d+/);
});

function namesIn(file: string, pattern: RegExp): string[] {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  return [...text.matchAll(pattern)].map(([, name]) => name ?? '').sort();
}

test('README.md lists exactly the variables that exist, and marks the secrets', () => {
  expect(namesIn('README.md', /^\| `([A-Z][A-Z_]+)`/gm)).toEqual([...variableNames].sort());
  expect(namesIn('README.md', /^\| `([A-Z][A-Z_]+)` †/gm)).toEqual([...secretNames].sort());
});

test('.env.example lists exactly the variables that exist, and starts once the secret is filled in', () => {
  expect(namesIn('.env.example', /^(?:# )?([A-Z][A-Z_]+)=/gm)).toEqual([...variableNames].sort());
  expect(namesIn('.env.example', /^([A-Z][A-Z_]+)=/gm)).toEqual(Object.keys(required).sort());
});

test.each([
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/v1/traces' },
    'OTEL_EXPORTER_OTLP_ENDPOINT must be the base URL of the collector, such as http://collector:4318: /v1/traces is added to it',
  ],
  [
    { PUBLIC_URL: 'https://example.test/mosaic' },
    'PUBLIC_URL must have no path: the pages need a host name or a port of their own, such as https://mosaic.example.test',
  ],
  [
    { TRUST_PROXY: 'loopback,0.0.0.0/0' },
    'TRUST_PROXY must not be a range of all addresses, with which anybody could say from where a request comes: name the proxies alone, such as loopback,10.0.0.0/8',
  ],
  [
    { METRICS_TOKEN: 'token-of-sixteen-1', API_TOKENS: 'ann:reader:token-of-sixteen-1' },
    'METRICS_TOKEN must differ from the tokens of API_TOKENS, each of which opens more than the metrics',
  ],
])('what is well-formed and cannot work is refused: %j', (values, problem) => {
  expect(problems({ ...required, ...values })).toEqual([problem]);
});

test('an address of a collector may have a path, and that of the service a port', () => {
  const { otlpEndpoint, publicUrl, trustProxy } = load({
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example.test/tenant/' },
    ...{ PUBLIC_URL: 'http://127.0.0.1:8000/', TRUST_PROXY: '10.0.0.0/8' },
  });
  expect([otlpEndpoint, publicUrl, trustProxy]).toEqual([
    ...['https://otel.example.test/tenant', 'http://127.0.0.1:8000'],
    ['10.0.0.0/8'],
  ]);
});
