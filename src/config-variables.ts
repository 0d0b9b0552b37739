import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { z } from 'zod';

import {
  baseUrl,
  collectorUrl,
  parseProxies,
  parseTargets,
  publicUrl,
} from './config-addresses.ts';
import { minSecret, parseApiTokens, parseMembers } from './config-callers.ts';
import { parseAgents, type Agents } from './planning/agent-profiles.ts';
import { builtIn } from './planning/built-in-agents.ts';

const logLevels = ['debug', 'info', 'warning', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

const secret = z.string().refine((text) => Buffer.byteLength(text) >= minSecret, {
  message: `must be at least ${minSecret} bytes long`,
});

const token = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks');
const modelName = z.string().regex(/^[\w.:@/-]{1,100}$/, 'must be the id of a model');

const labelNames = 'must be names of labels, separated by commas, or none';

/** Variables of the environment; a test compares them with README.md and .env.example. */
export const variables = z.object({
  GITEA_WEBHOOK_SECRET: secret,
  GITEA_WEBHOOK_SECRET_PREVIOUS: secret.optional(),
  GITEA_URL: baseUrl,
  ANTHROPIC_API_KEY: token.optional(),
  ISSUE_READER: z.enum(['claude', 'offline'], 'must be claude or offline').default('claude'),
  ANTHROPIC_BASE_URL: baseUrl.optional(),
  CLAUDE_MODEL: modelName.default('claude-sonnet-5-5'),
  CLAUDE_FALLBACK_MODEL: modelName.default('claude-opus-5-5'),
  SECOND_OPINION: z
    .enum(['on', 'off'], 'must be on or off')
    .default('on')
    .transform((value) => value === 'on'),
  LOG_LEVEL: z
    .enum([...logLevels, 'warn'], `must be one of ${logLevels.join(', ')}`)
    .transform((level) => (level === 'warn' ? 'warning' : level))
    .default('info'),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be an address or host name to listen on')
    .default('0.0.0.0'),
  PORT: wholeNumber(0, 65_535).default(8000),
  DATABASE_URL: z.string().transform(databaseLocation).default(resolve('./data/coordinator.db')),
  ALLOW_NETWORK_DATABASE: z
    .enum(['true', 'false'], 'must be true or false')
    .transform((text) => text === 'true')
    .default(false),
  GITEA_TOKEN: token.optional(),
  GITEA_BOT_USERNAME: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'must be a Gitea user name')
    .optional(),
  PUBLISH: z
    .enum(['comment,labels', 'labels,comment', 'comment', 'labels', 'none'], {
      message: 'must be comment,labels or comment or labels or none',
    })
    .optional(),
  RECONCILE_INTERVAL_SECONDS: wholeNumber(10, 86_400).default(60),
  AGENTS_FILE: z.string().transform(readAgents).default(builtIn),
  API_TOKENS: z.string().transform(parseApiTokens).default([]),
  WORKER_CONCURRENCY: wholeNumber(1, 64).default(4),
  DELIVERY_RETENTION_DAYS: wholeNumber(1, 3_650).default(30),
  CONTEXT_COMPACT_AT: ratio().default(0.8),
  CONTEXT_ROTATE_AT: ratio().default(0.95),
  HOLD_LABELS: z
    .string()
    .regex(/^(?=.*[\p{L}\p{N}])[^\p{C}]{1,1000}$/u, labelNames)
    .transform(parseHoldLabels)
    .default(['blocked', 'on hold']),
  LEASE_SECONDS: wholeNumber(2, 86_400).default(900),
  VERIFIERS: wholeNumber(0, 8).default(1),
  PULL_REQUESTS: z
    .enum(['on', 'off'], 'must be on or off')
    .transform((text) => text === 'on')
    .default(true),
  PUBLIC_URL: publicUrl.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl.optional(),
  METRICS_TOKEN: token.min(minSecret, `must be at least ${minSecret} characters long`).optional(),
  NOTIFY_URL: z.string().transform(parseTargets).default([]),
  NOTIFY_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in base64')
    .optional(),
  OAUTH_CLIENT_ID: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'must be the client id of an OAuth2 application of Gitea')
    .optional(),
  OAUTH_CLIENT_SECRET: token.optional(),
  OAUTH_USERS: z.string().transform(parseMembers).default([]),
  TRUST_PROXY: z.string().transform(parseProxies).default([]),
});

/** `none`: no label holds an issue back. */
function parseHoldLabels(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  return names.join().toLowerCase() === 'none' ? [] : names.filter((name) => name !== '');
}

/** Variables of the command `verify`, which runs without those of the service. */
export const verifierVariables = z.object({
  COORDINATOR_URL: baseUrl,
  COORDINATOR_TOKEN: token,
  LOG_LEVEL: variables.shape.LOG_LEVEL,
});

/** Variables of the command `work`: those of `verify`, and those of the agent's model. */
export const workVariables = verifierVariables.extend({
  ANTHROPIC_API_KEY: variables.shape.ANTHROPIC_API_KEY,
  ANTHROPIC_BASE_URL: variables.shape.ANTHROPIC_BASE_URL,
  CLAUDE_CODE_OAUTH_TOKEN: token.optional(),
  OPENAI_API_KEY: token.optional(),
  OPENAI_BASE_URL: baseUrl.optional(),
});

export type Variables = z.infer<typeof variables>;
type VariableName = keyof Variables;

export const variableNames: readonly string[] = Object.keys(variables.shape);

/** Variables that may also come from a file: `NAME_FILE` names it. */
export const secretNames: readonly VariableName[] = [
  'GITEA_WEBHOOK_SECRET',
  'GITEA_WEBHOOK_SECRET_PREVIOUS',
  'ANTHROPIC_API_KEY',
  'GITEA_TOKEN',
  'API_TOKENS',
  'DATABASE_URL',
  'METRICS_TOKEN',
  'OAUTH_CLIENT_SECRET',
  'NOTIFY_URL',
  'NOTIFY_SECRET',
];

/** The same of the commands `verify` and `work`. */
export const workSecretNames: readonly (keyof typeof workVariables.shape)[] = [
  'COORDINATOR_TOKEN',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'OPENAI_API_KEY',
];

/** Rules about two variables, checked when each of them is valid by itself. */
export const pairRules: readonly {
  readonly names: readonly VariableName[];
  readonly isBroken: (values: Partial<Variables>) => boolean;
  readonly message: string;
}[] = [
  {
    names: ['CONTEXT_ROTATE_AT', 'CONTEXT_COMPACT_AT'],
    isBroken: (values) => (values.CONTEXT_ROTATE_AT ?? 1) < (values.CONTEXT_COMPACT_AT ?? 0),
    message: 'CONTEXT_ROTATE_AT must not be below CONTEXT_COMPACT_AT',
  },
  {
    names: ['ISSUE_READER', 'ANTHROPIC_API_KEY'],
    isBroken: ({ ISSUE_READER, ANTHROPIC_API_KEY }) =>
      ISSUE_READER === 'claude' && ANTHROPIC_API_KEY === undefined,
    message: 'ANTHROPIC_API_KEY is required unless ISSUE_READER is offline',
  },
  {
    names: ['PUBLISH', 'GITEA_TOKEN'],
    isBroken: ({ PUBLISH, GITEA_TOKEN }) =>
      PUBLISH !== undefined && PUBLISH !== 'none' && GITEA_TOKEN === undefined,
    message: 'PUBLISH needs GITEA_TOKEN to write with',
  },
  {
    names: ['GITEA_WEBHOOK_SECRET', 'GITEA_WEBHOOK_SECRET_PREVIOUS'],
    isBroken: (values) =>
      values.GITEA_WEBHOOK_SECRET_PREVIOUS !== undefined &&
      values.GITEA_WEBHOOK_SECRET === values.GITEA_WEBHOOK_SECRET_PREVIOUS,
    message: 'GITEA_WEBHOOK_SECRET_PREVIOUS must differ from GITEA_WEBHOOK_SECRET',
  },
  {
    names: ['API_TOKENS', 'AGENTS_FILE'],
    isBroken: ({ API_TOKENS = [], AGENTS_FILE }) => {
      const known = new Set(AGENTS_FILE?.agents.map(({ name }) => name));
      return API_TOKENS.some(({ agents = [] }) => agents.some((agent) => !known.has(agent)));
    },
    message: 'API_TOKENS narrows a caller to an agent that AGENTS_FILE does not have',
  },
  {
    names: ['OAUTH_CLIENT_ID', 'OAUTH_CLIENT_SECRET', 'OAUTH_USERS', 'PUBLIC_URL', 'API_TOKENS'],
    isBroken: ({ API_TOKENS = [], OAUTH_USERS = [], PUBLIC_URL, ...values }) => {
      const { OAUTH_CLIENT_ID: id, OAUTH_CLIENT_SECRET: key } = values;
      const given = [id, key, OAUTH_USERS[0]].filter((value) => value !== undefined);
      const isReady = given.length === 3 && PUBLIC_URL !== undefined && API_TOKENS.length > 0;
      return given.length > 0 && !isReady;
    },
    message:
      'OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and OAUTH_USERS belong together, and need PUBLIC_URL to come back to, and API_TOKENS, without which the pages are off',
  },
  {
    names: ['METRICS_TOKEN', 'API_TOKENS'],
    isBroken: ({ METRICS_TOKEN, API_TOKENS = [] }) =>
      API_TOKENS.some(({ token: value }) => value === METRICS_TOKEN),
    message:
      'METRICS_TOKEN must differ from the tokens of API_TOKENS, each of which opens more than the metrics',
  },
  {
    names: ['NOTIFY_URL', 'NOTIFY_SECRET'],
    isBroken: ({ NOTIFY_URL = [], NOTIFY_SECRET }) =>
      NOTIFY_SECRET === undefined && NOTIFY_URL.some(({ form }) => form === 'webhook'),
    message:
      'NOTIFY_SECRET is required to sign what a URL of NOTIFY_URL without ntfy+, slack+ or matrix+ gets',
  },
];

function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((number) => number >= min && number <= max, { message });
}

function ratio() {
  const message = 'must be a number above 0 and up to 1, such as 0.80';
  return z
    .string()
    .regex(/^(0?\.\d{1,6}|1(\.0{1,6})?)$/, message)
    .transform(Number)
    .refine((number) => number > 0, { message });
}

const databaseForms =
  'must be file: and a path, such as file:./data/coordinator.db, or postgres://user:password@host:5432/database';

/** The path of a file of SQLite, or the URL of a PostgreSQL server. Messages show nothing of it: it has a password. */
function databaseLocation(url: string, context: z.RefinementCtx<string>): string {
  const isFile = /^file:(\/\/(?=\/))?(?!\/\/|:memory:)[^?#%]+$/.test(url);
  if (isFile) return resolve(url.slice('file:'.length).replace(/^\/\/(?=\/)/, ''));
  const problem = /^postgres(ql)?:/i.test(url) ? postgresProblem(url) : databaseForms;
  if (problem === undefined) return url.replace(/^postgres(ql)?:/i, 'postgres:');
  context.addIssue(problem);
  return z.NEVER;
}

/** The parameters of a connection that `pg` follows; it would ignore any other one in silence. */
const postgresParameters: readonly string[] = [
  ...['host', 'port', 'user', 'password', 'application_name', 'options'],
  ...['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation', 'uselibpqcompat'],
];

/** What is wrong with the URL of a PostgreSQL server, and how it is corrected. */
function postgresProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !text.includes('://'))
    return 'must be postgres://user:password@host:5432/database; characters such as @ : / ? # % in a password are written as %40 %3A %2F %3F %23 %25';
  if (url.hostname === '' && !url.searchParams.has('host'))
    return 'must name the host of the PostgreSQL server, as in postgres://user:password@host:5432/database';
  if (!/^\/[^/]+$/.test(url.pathname))
    return 'must name a database of the PostgreSQL server after the host, as in postgres://user:password@host:5432/database';
  if (url.hash !== '') return 'must have no #; in a password it is written as %23';
  const unknown = [...url.searchParams.keys()].find((name) => !postgresParameters.includes(name));
  return unknown === undefined
    ? undefined
    : `has a parameter that is not known after the ?; known are ${postgresParameters.join(', ')}`;
}

/** Maximum length of AGENTS_FILE, in characters. */
const maxAgentsFile = 1_000_000;

/** Reads the profiles; every problem names its place in the file. */
function readAgents(path: string, context: z.RefinementCtx<string>): Agents {
  const text = readText(path);
  if (text === undefined || text.length > maxAgentsFile) {
    context.addIssue('names a file that cannot be read as UTF-8 text, or is larger than 1 MB');
    return z.NEVER;
  }
  const parsed = parseAgents(text);
  if ('agents' in parsed) return parsed;
  for (const problem of parsed.problems) context.addIssue(`names an invalid file: ${problem}`);
  return z.NEVER;
}

/** Undefined when the file cannot be read as UTF-8 text. */
export function readText(path: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch {
    return undefined;
  }
}
