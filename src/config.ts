import { readFileSync } from 'node:fs';

import { config as readDotenv } from 'dotenv';
import { z } from 'zod';

import {
  pairRules,
  readText,
  secretNames,
  variableNames,
  variables,
  workSecretNames,
  verifierVariables,
  workVariables,
  type Variables,
} from './config-variables.ts';
import { ConfigError } from './errors.ts';
import type { Agents } from './planning/agent-profiles.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type Config = Readonly<ReturnType<typeof configOf>>;

/** Configuration of a command that reads texts without the service. */
export type PlanConfig = Pick<Config, 'agents' | 'claude'> & {
  /** Undefined: no URL in a text refers to the tracker itself. */
  readonly giteaUrl: string | undefined;
};

/** The environment of this process, completed by the file `.env` of the working directory. */
export function readEnvironment(): Environment {
  // An empty variable counts as unset, so it does not hide the one of the file.
  const set = Object.entries(process.env).filter(([, value]) => value !== '');
  const environment: Record<string, string | undefined> = Object.fromEntries(set);
  readDotenv({ quiet: true, processEnv: environment });
  return environment;
}

/** Checks the whole environment; throws one `ConfigError` that names every invalid variable, never a value. */
export function loadConfig(environment: Environment): Config {
  const values = parse(variables, environment);
  return Object.freeze(configOf(values));
}

/** Checks the variables of the command `verify`. */
export function loadVerifierConfig(environment: Environment) {
  return connectionOf(parse(verifierVariables, environment));
}

/** Address and token by which the service is called, and the level of the caller's log. */
function connectionOf(values: z.infer<typeof verifierVariables>) {
  const { COORDINATOR_URL: url, COORDINATOR_TOKEN: token, LOG_LEVEL: logLevel } = values;
  return { url, token, logLevel };
}

/** Checks only the address of the coordinator, as its clients know it. */
export function loadCoordinatorUrl(environment: Environment): string {
  return parse(verifierVariables.pick({ COORDINATOR_URL: true }), environment).COORDINATOR_URL;
}

/** Checks the variables of the command `work`. */
export function loadWorkConfig(environment: Environment) {
  const values = parse(workVariables, environment);
  return {
    ...connectionOf(values),
    anthropic: {
      key: values.ANTHROPIC_API_KEY,
      oauthToken: values.CLAUDE_CODE_OAUTH_TOKEN,
      baseUrl: values.ANTHROPIC_BASE_URL,
    },
    openai: { key: values.OPENAI_API_KEY, baseUrl: values.OPENAI_BASE_URL },
  };
}

/** Checks only the variable of the database. */
export function loadDatabasePath(environment: Environment): string {
  return parse(variables.pick({ DATABASE_URL: true }), environment).DATABASE_URL;
}

/** The location of a database that an option names as DATABASE_URL does. The message shows nothing of the text. */
export function readDatabaseLocation(text: string, option: string): string {
  const parsed = variables.shape.DATABASE_URL.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ConfigError('usage', `${option} ${parsed.error.issues[0]?.message ?? 'is invalid'}.`);
}

/** Checks only the variables that showing plans with links needs. */
export function loadStoreConfig(environment: Environment) {
  const values = parse(variables.pick({ DATABASE_URL: true, GITEA_URL: true }), environment);
  return { database: values.DATABASE_URL, giteaUrl: values.GITEA_URL };
}

/** Checks only the variable of the agents; `file`: they are not the built-in ones. */
export function loadAgents(environment: Environment): Agents & { readonly file: boolean } {
  const { AGENTS_FILE } = parse(variables.pick({ AGENTS_FILE: true }), environment);
  return { ...AGENTS_FILE, file: (environment['AGENTS_FILE'] ?? '') !== '' };
}

/** Problems of the environment, and the variables that are valid by themselves. */
export type ExaminedConfig = ReturnType<typeof examineConfig>;

/** Checks the whole environment for the doctor, which reports all problems and goes on with the valid variables. */
export function examineConfig(environment: Environment) {
  const { environment: values, problems } = withFiles(environment, variableNames);
  const parsed = variables.safeParse(values);
  const { shape } = variables;
  const claude = planVariables.omit({ GITEA_URL: true, AGENTS_FILE: true }).safeParse(values);
  return {
    problems: [...problems, ...problemsOf(parsed), ...brokenPairs(values, variableNames)],
    /** Values that must never be shown. */
    secrets: secretNames.flatMap((name) =>
      name === 'DATABASE_URL' ? databaseSecrets(values[name]) : (values[name] ?? []),
    ),
    giteaUrl: shape.GITEA_URL.safeParse(values['GITEA_URL']).data,
    giteaToken: shape.GITEA_TOKEN.safeParse(values['GITEA_TOKEN']).data,
    botUsername: shape.GITEA_BOT_USERNAME.safeParse(values['GITEA_BOT_USERNAME']).data,
    issueReader: shape.ISSUE_READER.safeParse(values['ISSUE_READER']).data,
    claude: claude.success ? claudeOf(claude.data) : undefined,
    host: shape.HOST.safeParse(values['HOST']).data,
    port: shape.PORT.safeParse(values['PORT']).data,
    apiTokens: shape.API_TOKENS.safeParse(values['API_TOKENS']).data,
    publicUrl: shape.PUBLIC_URL.safeParse(values['PUBLIC_URL']).data,
    notify: {
      targets: shape.NOTIFY_URL.safeParse(values['NOTIFY_URL']).data,
      secret: shape.NOTIFY_SECRET.safeParse(values['NOTIFY_SECRET']).data,
    },
    otlpEndpoint: shape.OTEL_EXPORTER_OTLP_ENDPOINT.safeParse(values['OTEL_EXPORTER_OTLP_ENDPOINT'])
      .data,
    verifiers: shape.VERIFIERS.safeParse(values['VERIFIERS']).data,
    publish: shape.PUBLISH.safeParse(values['PUBLISH']).data,
    database: shape.DATABASE_URL.safeParse(values['DATABASE_URL']).data,
    allowNetworkDatabase:
      shape.ALLOW_NETWORK_DATABASE.safeParse(values['ALLOW_NETWORK_DATABASE']).data ?? false,
    agents: shape.AGENTS_FILE.safeParse(values['AGENTS_FILE']).data,
  };
}

/** The URL of a server with its password, and the password; the path of a file is none. */
function databaseSecrets(text = ''): string[] {
  if (text.startsWith('file:')) return [];
  const password = URL.parse(text)?.password ?? '';
  return [text, password, safelyDecoded(password)].filter((secret) => secret !== '');
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Checks only the variables that `setup` needs. */
export function loadSetupConfig(environment: Environment) {
  const names = { GITEA_WEBHOOK_SECRET: true, GITEA_URL: true, GITEA_TOKEN: true } as const;
  const values = parse(
    variables.pick({ ...names, AGENTS_FILE: true, HOLD_LABELS: true }),
    environment,
  );
  return {
    webhookSecret: values.GITEA_WEBHOOK_SECRET,
    giteaUrl: values.GITEA_URL,
    giteaToken: values.GITEA_TOKEN,
    agents: values.AGENTS_FILE.agents,
    holdLabels: values.HOLD_LABELS,
  };
}

/** Checks only the variables that setting statuses needs; `knownUrl` is that of a CI job, for want of GITEA_URL. */
export function loadStatusConfig(environment: Environment, knownUrl: string | undefined) {
  const names = { GITEA_URL: true, GITEA_TOKEN: true } as const;
  const isSet = (environment['GITEA_URL'] ?? '') !== '';
  const values = parse(variables.pick(names).required(), {
    ...environment,
    ...(isSet ? {} : { GITEA_URL: knownUrl }),
  });
  return { giteaUrl: values.GITEA_URL, giteaToken: values.GITEA_TOKEN };
}

const planVariables = variables.pick({
  GITEA_URL: true,
  AGENTS_FILE: true,
  ISSUE_READER: true,
  ANTHROPIC_API_KEY: true,
  ANTHROPIC_BASE_URL: true,
  CLAUDE_MODEL: true,
  CLAUDE_FALLBACK_MODEL: true,
  SECOND_OPINION: true,
});

/**
 * Checks only the variables that reading texts without the service needs. None is required: without
 * ISSUE_READER and a key, texts are read offline.
 */
export function loadPlanConfig(environment: Environment): PlanConfig {
  const withKey = ['ANTHROPIC_API_KEY', 'ANTHROPIC_API_KEY_FILE'].some(
    (name) => (environment[name] ?? '') !== '',
  );
  const chosen = environment['ISSUE_READER'] ?? '';
  const reader = chosen === '' && !withKey ? 'offline' : chosen;
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

/** The same of `plan --repo`, which reads from Gitea: with its token, if there is one, and the labels that hold back. */
export function loadBacklogConfig(environment: Environment) {
  const names = { GITEA_URL: true, GITEA_TOKEN: true, HOLD_LABELS: true } as const;
  const values = parse(variables.pick(names), environment);
  return {
    ...loadPlanConfig(environment),
    giteaUrl: values.GITEA_URL,
    giteaToken: values.GITEA_TOKEN,
    holdLabels: values.HOLD_LABELS,
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
    database: values.DATABASE_URL,
    allowNetworkDatabase: values.ALLOW_NETWORK_DATABASE,
    agents: values.AGENTS_FILE.agents,
    apiTokens: values.API_TOKENS,
    workerConcurrency: values.WORKER_CONCURRENCY,
    leaseSeconds: values.LEASE_SECONDS,
    thresholds: { compactAt: values.CONTEXT_COMPACT_AT, rotateAt: values.CONTEXT_ROTATE_AT },
    holdLabels: values.HOLD_LABELS,
    reconcileIntervalSeconds: values.RECONCILE_INTERVAL_SECONDS,
    deliveryRetentionDays: values.DELIVERY_RETENTION_DAYS,
    verifiers: values.VERIFIERS,
    pullRequests: values.PULL_REQUESTS,
    publicUrl: values.PUBLIC_URL,
    trustProxy: values.TRUST_PROXY,
    oauth: oauthOf(values),
    metricsToken: values.METRICS_TOKEN,
    otlpEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    notify: { targets: values.NOTIFY_URL, secret: values.NOTIFY_SECRET },
  };
}

/** The application of Gitea that people sign in with, and who they may be; undefined: tokens alone. */
function oauthOf(values: Variables) {
  const { OAUTH_CLIENT_ID: clientId, OAUTH_CLIENT_SECRET: clientSecret, PUBLIC_URL } = values;
  if (clientId === undefined || clientSecret === undefined || PUBLIC_URL === undefined)
    return undefined;
  return { clientId, clientSecret, publicUrl: PUBLIC_URL, members: values.OAUTH_USERS };
}

/** Parts of an issue that the service writes; none without a token. */
function publishOf({ PUBLISH, GITEA_TOKEN }: Variables) {
  const chosen = PUBLISH ?? (GITEA_TOKEN === undefined ? 'none' : 'comment,labels');
  return { comment: chosen.includes('comment'), labels: chosen.includes('labels') };
}

/** Variables of Claude; undefined when issues are read offline. */
function claudeOf(values: Omit<z.infer<typeof planVariables>, 'GITEA_URL' | 'AGENTS_FILE'>) {
  if (values.ISSUE_READER === 'offline' || values.ANTHROPIC_API_KEY === undefined) return undefined;
  return {
    apiKey: values.ANTHROPIC_API_KEY,
    baseUrl: values.ANTHROPIC_BASE_URL,
    model: values.CLAUDE_MODEL,
    fallbackModel: values.CLAUDE_FALLBACK_MODEL,
    secondOpinion: values.SECOND_OPINION,
  };
}

/** Values of the variables in `schema`; throws one `ConfigError` that names all invalid ones. */
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

/** An empty variable counts as unset, as compose files pass it; secrets may come from files. */
function withFiles(environment: Environment, names: readonly string[]) {
  const values: Record<string, string> = {};
  const problems: string[] = [];
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined && value !== '') values[name] = value;
  }
  const secrets: readonly string[] = [...secretNames, ...workSecretNames];
  for (const name of secrets.filter((secretName) => names.includes(secretName))) {
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

/** A rule is checked only when its variables are valid by themselves, so that a problem is reported once. */
function brokenPairs(environment: Environment, names: readonly string[]): string[] {
  const rules = pairRules.filter((rule) => rule.names.every((name) => names.includes(name)));
  return rules.flatMap((rule) => {
    const parsed = rule.names.map(
      (name) => [name, variables.shape[name].safeParse(environment[name])] as const,
    );
    if (parsed.some(([, { success }]) => !success)) return [];
    const values = Object.fromEntries(parsed.map(([name, { data }]) => [name, data]));
    return rule.isBroken(values) ? [rule.message] : [];
  });
}

function configError(problems: readonly string[]): ConfigError {
  const list = problems.map((problem) => `  - ${problem}`).join('\n');
  return new ConfigError(
    'config_invalid',
    `The configuration is invalid; correct these variables (see docs/setup.md):\n${list}`,
  );
}
