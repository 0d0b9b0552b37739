import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { config as readDotenv } from 'dotenv';
import { z } from 'zod';

import { ConfigError } from './errors.ts';
import { parseAgents, type Agents } from './planning/agent-profiles.ts';
import { builtIn } from './planning/agents.ts';
import { logLevels } from './log.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Shorter secrets can be guessed. */
const shortestSecret = 16;

const secret = z.string().refine((text) => Buffer.byteLength(text) >= shortestSecret, {
  message: `must be at least ${shortestSecret} bytes long`,
});

const baseUrl = z
  .string()
  .refine(isBaseUrl, { message: 'must be an http or https URL without user, query or fragment' })
  .transform((text) => new URL(text).href.replace(/\/+$/, ''));

const token = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks');
const modelName = z.string().regex(/^[\w.:@/-]{1,100}$/, 'must be the id of a model');

/** Variables of the environment; a test compares them with README.md and .env.example. */
const variables = z.object({
  GITEA_WEBHOOK_SECRET: secret,
  GITEA_WEBHOOK_SECRET_PREVIOUS: secret.optional(),
  GITEA_URL: baseUrl,
  ANTHROPIC_API_KEY: token.optional(),
  ISSUE_READER: z.enum(['claude', 'offline'], 'must be claude or offline').default('claude'),
  ANTHROPIC_BASE_URL: baseUrl.optional(),
  CLAUDE_MODEL: modelName.default('claude-sonnet-5-5'),
  CLAUDE_FALLBACK_MODEL: modelName.default('claude-opus-5-5'),
  LOG_LEVEL: z
    .enum([...logLevels, 'warn'], `must be one of ${logLevels.join(', ')}`)
    .transform((level) => (level === 'warn' ? 'warning' : level))
    .default('info'),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be an address or host name to listen on')
    .default('0.0.0.0'),
  PORT: wholeNumber(0, 65_535).default(8000),
  DATABASE_URL: z
    .string()
    .regex(
      /^file:(\/\/(?=\/))?(?!\/\/|:memory:)[^?#%]+$/,
      'must be file: and a path, such as file:./data/coordinator.db',
    )
    .transform(databasePath)
    .default(databasePath('file:./data/coordinator.db')),
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
  RECONCILE_INTERVAL_SECONDS: wholeNumber(10, 86_400).default(300),
  AGENTS_FILE: z.string().transform(readAgents).default(builtIn),
  API_TOKENS: z.string().transform(parseApiTokens).default([]),
  WORKER_CONCURRENCY: wholeNumber(1, 64).default(4),
  DELIVERY_RETENTION_DAYS: wholeNumber(1, 3_650).default(30),
  CONTEXT_COMPACT_AT: share().default(0.8),
  CONTEXT_ROTATE_AT: share().default(0.95),
  LEASE_SECONDS: wholeNumber(2, 86_400).default(900),
});

type Variables = z.infer<typeof variables>;
type VariableName = keyof Variables;

export const variableNames: readonly string[] = Object.keys(variables.shape);

/** Each of these may also come from a file named by the variable with `_FILE` behind it. */
export const secretNames: readonly VariableName[] = [
  'GITEA_WEBHOOK_SECRET',
  'GITEA_WEBHOOK_SECRET_PREVIOUS',
  'ANTHROPIC_API_KEY',
  'GITEA_TOKEN',
  'API_TOKENS',
];

/** Two variables that only make sense together. */
const pairRules: readonly {
  readonly names: readonly VariableName[];
  readonly broken: (values: Partial<Variables>) => boolean;
  readonly message: string;
}[] = [
  {
    names: ['CONTEXT_ROTATE_AT', 'CONTEXT_COMPACT_AT'],
    broken: (values) => (values.CONTEXT_ROTATE_AT ?? 1) < (values.CONTEXT_COMPACT_AT ?? 0),
    message: 'CONTEXT_ROTATE_AT must not be below CONTEXT_COMPACT_AT',
  },
  {
    names: ['ISSUE_READER', 'ANTHROPIC_API_KEY'],
    broken: ({ ISSUE_READER, ANTHROPIC_API_KEY }) =>
      ISSUE_READER === 'claude' && ANTHROPIC_API_KEY === undefined,
    message: 'ANTHROPIC_API_KEY is required unless ISSUE_READER is offline',
  },
  {
    names: ['PUBLISH', 'GITEA_TOKEN'],
    broken: ({ PUBLISH, GITEA_TOKEN }) =>
      PUBLISH !== undefined && PUBLISH !== 'none' && GITEA_TOKEN === undefined,
    message: 'PUBLISH needs GITEA_TOKEN to write with',
  },
  {
    names: ['GITEA_WEBHOOK_SECRET', 'GITEA_WEBHOOK_SECRET_PREVIOUS'],
    broken: (values) =>
      values.GITEA_WEBHOOK_SECRET_PREVIOUS !== undefined &&
      values.GITEA_WEBHOOK_SECRET === values.GITEA_WEBHOOK_SECRET_PREVIOUS,
    message: 'GITEA_WEBHOOK_SECRET_PREVIOUS must differ from GITEA_WEBHOOK_SECRET',
  },
];

export type Config = Readonly<ReturnType<typeof configOf>>;

/** Where a command beside the service finds its data. */
type StoreConfig = Pick<Config, 'databasePath' | 'giteaUrl'>;

/** What a command beside the service reads texts with. */
export type PlanConfig = Pick<Config, 'agents' | 'claude'> & {
  /** Without it no URL is the tracker's own. */
  readonly giteaUrl: string | undefined;
};

/** The environment of this process, and below it the file `.env` of the working directory. */
export function readEnvironment(): Environment {
  // What is empty is not set, and so does not hide what the file says.
  const given = Object.entries(process.env).filter(([, value]) => value !== '');
  const environment: Record<string, string | undefined> = Object.fromEntries(given);
  readDotenv({ quiet: true, processEnv: environment });
  return environment;
}

/** Checks the whole environment; throws one `ConfigError` that names every bad variable, never a value. */
export function loadConfig(environment: Environment): Config {
  const values = parse(variables, environment);
  return Object.freeze(configOf(values));
}

/** Checks only what a command needs that looks at deliveries. */
export function loadDatabasePath(environment: Environment): string {
  return parse(variables.pick({ DATABASE_URL: true }), environment).DATABASE_URL;
}

/** Checks only what a command needs that shows plans, with their links. */
export function loadStoreConfig(environment: Environment): StoreConfig {
  const values = parse(variables.pick({ DATABASE_URL: true, GITEA_URL: true }), environment);
  return { databasePath: values.DATABASE_URL, giteaUrl: values.GITEA_URL };
}

/** Checks only what a command needs that shows the agents; `file`: they are not the built-in ones. */
export function loadAgents(environment: Environment): Agents & { readonly file: boolean } {
  const { AGENTS_FILE } = parse(variables.pick({ AGENTS_FILE: true }), environment);
  return { ...AGENTS_FILE, file: (environment['AGENTS_FILE'] ?? '') !== '' };
}

/** What is wrong, and of the variables that a command looks at one by one, those that are right. */
export type ExaminedConfig = ReturnType<typeof examineConfig>;

/** Checks the whole environment for a command that tells of every bad variable and goes on with the rest. */
export function examineConfig(environment: Environment) {
  const { environment: given, problems } = withFiles(environment, variableNames);
  const parsed = variables.safeParse(given);
  const { shape } = variables;
  const claude = planVariables.omit({ GITEA_URL: true, AGENTS_FILE: true }).safeParse(given);
  return {
    problems: [...problems, ...problemsOf(parsed), ...brokenPairs(given, variableNames)],
    /** Values that must never be shown. */
    secrets: secretNames.flatMap((name) => given[name] ?? []),
    giteaUrl: shape.GITEA_URL.safeParse(given['GITEA_URL']).data,
    giteaToken: shape.GITEA_TOKEN.safeParse(given['GITEA_TOKEN']).data,
    botUsername: shape.GITEA_BOT_USERNAME.safeParse(given['GITEA_BOT_USERNAME']).data,
    issueReader: shape.ISSUE_READER.safeParse(given['ISSUE_READER']).data,
    claude: claude.success ? claudeOf(claude.data) : undefined,
    host: shape.HOST.safeParse(given['HOST']).data,
    port: shape.PORT.safeParse(given['PORT']).data,
    databasePath: shape.DATABASE_URL.safeParse(given['DATABASE_URL']).data,
    agents: shape.AGENTS_FILE.safeParse(given['AGENTS_FILE']).data,
  };
}

const setupVariables = variables.pick({
  GITEA_WEBHOOK_SECRET: true,
  GITEA_URL: true,
  GITEA_TOKEN: true,
});

/** Checks only what a command needs that sets Gitea up. */
export function loadSetupConfig(environment: Environment) {
  const values = parse(setupVariables, environment);
  return {
    webhookSecret: values.GITEA_WEBHOOK_SECRET,
    giteaUrl: values.GITEA_URL,
    giteaToken: values.GITEA_TOKEN,
  };
}

const planVariables = variables.pick({
  GITEA_URL: true,
  AGENTS_FILE: true,
  ISSUE_READER: true,
  ANTHROPIC_API_KEY: true,
  ANTHROPIC_BASE_URL: true,
  CLAUDE_MODEL: true,
  CLAUDE_FALLBACK_MODEL: true,
});

/**
 * Checks only what a command needs that reads texts without a service. It reads them as the service
 * would, but nothing is required: without ISSUE_READER and a key they are read offline.
 */
export function loadPlanConfig(environment: Environment): PlanConfig {
  const withKey = ['ANTHROPIC_API_KEY', 'ANTHROPIC_API_KEY_FILE'].some(
    (name) => (environment[name] ?? '') !== '',
  );
  const given = environment['ISSUE_READER'] ?? '';
  const reader = given === '' && !withKey ? 'offline' : given;
  const values = parse(planVariables.partial({ GITEA_URL: true }), {
    ...environment,
    ISSUE_READER: reader,
  });
  return {
    giteaUrl: values.GITEA_URL,
    agents: values.AGENTS_FILE.agents,
    claude: claudeOf(values),
  };
}

/** The version in package.json. */
export function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function configOf(values: Variables) {
  return {
    webhookSecrets: {
      current: values.GITEA_WEBHOOK_SECRET,
      previous: values.GITEA_WEBHOOK_SECRET_PREVIOUS,
    },
    giteaUrl: values.GITEA_URL,
    giteaToken: values.GITEA_TOKEN,
    botUsername: values.GITEA_BOT_USERNAME,
    publish: publishOf(values),
    issueReader: values.ISSUE_READER,
    claude: claudeOf(values),
    logLevel: values.LOG_LEVEL,
    host: values.HOST,
    port: values.PORT,
    databasePath: values.DATABASE_URL,
    agents: values.AGENTS_FILE.agents,
    apiTokens: values.API_TOKENS,
    workerConcurrency: values.WORKER_CONCURRENCY,
    leaseSeconds: values.LEASE_SECONDS,
    thresholds: { compactAt: values.CONTEXT_COMPACT_AT, rotateAt: values.CONTEXT_ROTATE_AT },
    reconcileIntervalSeconds: values.RECONCILE_INTERVAL_SECONDS,
    deliveryRetentionDays: values.DELIVERY_RETENTION_DAYS,
  };
}

/** What people see on an issue; nothing without a token to write with. */
function publishOf({ PUBLISH, GITEA_TOKEN }: Variables) {
  const chosen = PUBLISH ?? (GITEA_TOKEN === undefined ? 'none' : 'comment,labels');
  return { comment: chosen.includes('comment'), labels: chosen.includes('labels') };
}

/** What reading with Claude needs; undefined when the issues are read offline. */
function claudeOf(values: Omit<z.infer<typeof planVariables>, 'GITEA_URL' | 'AGENTS_FILE'>) {
  if (values.ISSUE_READER === 'offline' || values.ANTHROPIC_API_KEY === undefined) return undefined;
  return {
    apiKey: values.ANTHROPIC_API_KEY,
    baseUrl: values.ANTHROPIC_BASE_URL,
    model: values.CLAUDE_MODEL,
    fallbackModel: values.CLAUDE_FALLBACK_MODEL,
  };
}

/** The values of these variables; throws one `ConfigError` that names all that are bad. */
function parse<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: Environment,
): z.output<z.ZodObject<Shape>> {
  const names = Object.keys(schema.shape);
  const values = withFiles(environment, names);
  const parsed = schema.safeParse(values.environment);
  const problems = [
    ...values.problems,
    ...problemsOf(parsed),
    ...brokenPairs(values.environment, names),
  ];
  if (!parsed.success || problems.length > 0) throw configError(problems);
  return parsed.data;
}

/** Empty counts as not set, as compose files pass it; secrets may come from files. */
function withFiles(environment: Environment, names: readonly string[]) {
  const values: Record<string, string> = {};
  const problems: string[] = [];
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined && value !== '') values[name] = value;
  }
  for (const name of secretNames.filter((secretName) => names.includes(secretName))) {
    const path = environment[`${name}_FILE`];
    if (path === undefined || path === '') continue;
    if (values[name] !== undefined)
      problems.push(`${name} and ${name}_FILE are both set: keep one`);
    const text = readText(path);
    if (text === undefined)
      problems.push(`${name}_FILE names a file that cannot be read as UTF-8 text`);
    else values[name] ??= text.replace(/\r?\n$/, '');
  }
  return { environment: values, problems };
}

function problemsOf(parsed: z.ZodSafeParseResult<unknown>): string[] {
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, code, message }) =>
    code === 'invalid_type' ? `${path.join('.')} is required` : `${path.join('.')} ${message}`,
  );
}

/** A rule is looked at only when its variables are right by themselves: what is wrong is told once. */
function brokenPairs(environment: Environment, read: readonly string[]): string[] {
  const rules = pairRules.filter(({ names }) => names.every((name) => read.includes(name)));
  return rules.flatMap(({ names, broken, message }) => {
    const parsed = names.map(
      (name) => [name, variables.shape[name].safeParse(environment[name])] as const,
    );
    if (parsed.some(([, { success }]) => !success)) return [];
    const values = Object.fromEntries(parsed.map(([name, { data }]) => [name, data]));
    return broken(values) ? [message] : [];
  });
}

function configError(problems: readonly string[]): ConfigError {
  const list = problems.map((problem) => `  - ${problem}`).join('\n');
  return new ConfigError(
    'config_invalid',
    `The configuration is wrong; correct these variables (see docs/setup.md):\n${list}`,
  );
}

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  return (
    url.username === '' &&
    url.password === '' &&
    /^https?:\/\/[^/]/i.test(text) &&
    !/[?#\s]/.test(text)
  );
}

function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((number) => number >= least && number <= most, { message });
}

function share() {
  const message = 'must be a number above 0 and up to 1, such as 0.80';
  return z
    .string()
    .regex(/^(0?\.\d{1,6}|1(\.0{1,6})?)$/, message)
    .transform(Number)
    .refine((number) => number > 0, { message });
}

function databasePath(url: string): string {
  return resolve(url.slice('file:'.length).replace(/^\/\/(?=\/)/, ''));
}

/** A larger file holds no list of agents. */
const largestAgentsFile = 1_000_000;

/** Reads the profiles; every problem is told with its place in the file. */
function readAgents(path: string, context: z.RefinementCtx<string>): Agents {
  const text = readText(path);
  if (text === undefined || text.length > largestAgentsFile) {
    context.addIssue('names a file that cannot be read as UTF-8 text, or is larger than 1 MB');
    return z.NEVER;
  }
  const parsed = parseAgents(text);
  if ('agents' in parsed) return parsed;
  for (const problem of parsed.problems) context.addIssue(`names a wrong file: ${problem}`);
  return z.NEVER;
}

function readText(path: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** `name:token,name:token`; the name is the caller's identity in logs and claims. */
function parseApiTokens(text: string, context: z.RefinementCtx<string>) {
  const tokens = text.split(',').map((pair) => {
    const colon = pair.indexOf(':');
    return { name: pair.slice(0, Math.max(colon, 0)).trim(), token: pair.slice(colon + 1).trim() };
  });
  const fine = tokens.every(
    ({ name, token: value }) =>
      /^[\w.-]{1,64}$/.test(name) && /^[\x21-\x7e]+$/.test(value) && value.length >= shortestSecret,
  );
  const names = new Set(tokens.map(({ name }) => name));
  const values = new Set(tokens.map(({ token: value }) => value));
  if (!fine)
    context.addIssue(
      `must be name:token,name:token with tokens of at least ${shortestSecret} characters`,
    );
  else if (names.size < tokens.length || values.size < tokens.length)
    context.addIssue('must not name a caller or a token twice');
  return tokens;
}
