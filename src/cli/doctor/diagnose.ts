import type { ExaminedConfig } from '../../config.ts';
import { createGitea, type Gitea } from '../../gitea/client.ts';
import type { GiteaRepository } from '../../gitea/schemas.ts';
import { listKnownRepositories } from '../../plans/repository-names.ts';
import { withDatabase } from '../with-database.ts';
import { check, type Budget, type CheckOptions } from './check.ts';
import { checkClaude } from './claude.ts';
import type { HookExpectation, RepositoryHooks } from './classify-hooks.ts';
import { describeAgents, describeConfiguration } from './configuration.ts';
import { checkConnection } from './connection.ts';
import { checkDatabase, type CheckedDatabase } from './database.ts';
import { checkDelivery } from './delivery-check.ts';
import { resultOf, skipped, type CheckResult, type DoctorFinding } from './finding.ts';
import { neededEvents } from './hook-rules.ts';
import { checkHooks } from './hooks.ts';
import { checkNotify } from './notify.ts';
import { probesFor, probeTargets, type ProbeTarget } from './probe.ts';
import { checkRepositories, type StoredRepository } from './repositories.ts';
import { askHealth, checkService, describePolling, serviceUrl } from './service.ts';
import { checkServerDatabase } from './server-database.ts';
import { checkTraces } from './traces.ts';
import { checkToken, describeNoToken } from './token.ts';

interface DoctorOptions {
  readonly config: ExaminedConfig;
  /** AGENTS_FILE is set. */
  readonly agentsFile: boolean;
  /** Token in the file of `--token-file`. */
  readonly adminToken: string | undefined;
  /** The coordinator's own URL, as hooks have to have it. */
  readonly url: string | undefined;
  /** Only this repository. */
  readonly repository: string | undefined;
  readonly probe: boolean;
  readonly now: () => number;
  /** Interval at which the service is asked for the deliveries that arrived. */
  readonly pollMs: number;
  /** Maximum wait for deliveries. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/** One run of the doctor. */
interface Diagnosis extends DoctorOptions {
  readonly budget: Budget;
  readonly gitea: ReturnType<typeof openClients>;
  /** Reports the findings, and returns the value. */
  readonly take: <T>(result: CheckResult<T>) => T | undefined;
}

/** Deadline of the doctor. */
const wholeDeadlineMs = 60_000;
/** Timeout of a call; an idle Gitea answers any of them sooner. */
const callDeadlineMs = 5_000;
const maxStoredRepositories = 200;

/** Checks everything in order, and reports each finding at once. */
export async function diagnose(
  options: DoctorOptions,
  report: (finding: DoctorFinding) => void,
): Promise<void> {
  const budget = { endsAt: performance.now() + wholeDeadlineMs, signal: options.signal };
  const take = <T>({ findings, value }: CheckResult<T>) => {
    findings.forEach(report);
    return value;
  };
  // Runs beside the other checks, as it needs nothing of them; an abort is noticed at the end.
  const claude = check(budget, { name: 'claude' }, (signal) => checkClaude(options.config, signal));
  claude.catch(() => undefined);
  const gitea = openClients(options);
  try {
    await runChecks({ ...options, budget, gitea, take });
    take(await claude);
  } finally {
    await Promise.all(Object.values(gitea).map(async (client) => client?.close()));
  }
}

async function runChecks(diagnosis: Diagnosis): Promise<void> {
  const { config, agentsFile, url, take } = diagnosis;
  take(resultOf('configuration', describeConfiguration(config)));
  const database = take((await checkServerDatabase(config.database)) ?? checkDatabase(config));
  take(resultOf('agents', describeAgents(config, agentsFile)));
  const { version, repositories } = await checkAccess(
    diagnosis,
    await storedRepositories(database),
  );
  const expected = { url, port: config.port, events: neededEvents(version) };
  const hooks = await checkWebhooks(diagnosis, repositories, expected);
  await checkServiceAndDeliveries(diagnosis, {
    targets: probeTargets(repositories ?? [], hooks, expected),
    expected,
    databaseInUse: database?.inUse,
  });
  await runCheck(diagnosis, { name: 'notify' }, (signal) => checkNotify(config, diagnosis, signal));
  await runCheck(diagnosis, { name: 'traces' }, (signal) => checkTraces(config, diagnosis, signal));
}

function openClients({ config, adminToken, now }: DoctorOptions) {
  const open = (token: string | undefined): Gitea =>
    createGitea({ baseUrl: config.giteaUrl ?? '', token, now, timeoutMs: callDeadlineMs });
  return {
    anonymous: open(undefined),
    bot: open(config.giteaToken),
    admin: adminToken === undefined ? undefined : open(adminToken),
  };
}

async function storedRepositories(database: CheckedDatabase | undefined) {
  let stored: StoredRepository[] = [];
  if (database?.isCurrent === true)
    await withDatabase(database.path, async (db) => {
      stored = await listKnownRepositories(db, maxStoredRepositories);
    });
  return stored;
}

/** Runs one check, reports its findings, and returns its value. */
async function runCheck<T>(
  { budget, take }: Diagnosis,
  options: CheckOptions,
  work: (signal: AbortSignal) => Promise<CheckResult<T>>,
): Promise<T | undefined> {
  return take(await check(budget, options, work));
}

/** Result of the access checks when those in `names` depend on one that failed. */
function skip(text: string, ...names: readonly string[]): CheckResult<readonly GiteaRepository[]> {
  return { findings: names.map((name) => ({ name, ...skipped(text) })) };
}

/** Whether statuses and pull requests are written: commits are verified, and something is published. */
function verifies({ apiTokens = [], verifiers = 0, publish }: ExaminedConfig): boolean {
  const isVerified = verifiers > 0 || apiTokens.some(({ role }) => role === 'verifier');
  return isVerified && apiTokens.length > 0 && publish !== 'none';
}

/** What is known of Gitea; without repositories when those of the bot stay unknown. */
interface Access {
  readonly version?: string | undefined;
  readonly repositories?: readonly GiteaRepository[] | undefined;
}

/** Checks Gitea, the token and the rights of the bot. */
async function checkAccess(
  diagnosis: Diagnosis,
  stored: readonly StoredRepository[],
): Promise<Access> {
  const { config, gitea, now, repository, take } = diagnosis;
  const { giteaUrl: url, giteaToken, botUsername } = config;
  const nothing = (text: string, ...names: readonly string[]): Access => {
    take(skip(text, ...names));
    return {};
  };
  if (url === undefined)
    return nothing('GITEA_URL is invalid; see configuration.', 'gitea', 'token', 'repositories');
  const signedIn = giteaToken === undefined ? undefined : gitea.bot;
  const answers = await runCheck(diagnosis, { name: 'gitea' }, (signal) =>
    checkConnection({ gitea: gitea.anonymous, signedIn, url, now }, signal),
  );
  if (answers === undefined) return nothing('Gitea does not answer.', 'token', 'repositories');
  if (giteaToken === undefined) {
    take(resultOf('token', describeNoToken(config, verifies(config))));
    return nothing('This check needs a token.', 'repositories');
  }
  const bot = await runCheck(diagnosis, { name: 'token' }, (signal) =>
    checkToken({ gitea: gitea.bot, botUsername, verifies: verifies(config) }, signal),
  );
  if (bot === undefined) return nothing('The owner of the token is not known.', 'repositories');
  const deps = { gitea: gitea.bot, bot, only: repository, stored };
  const repositories = await runCheck(diagnosis, { name: 'repositories' }, (signal) =>
    checkRepositories(deps, signal),
  );
  return { ...answers, repositories };
}

/** The hooks of each repository, where they could be read. */
async function checkWebhooks(
  diagnosis: Diagnosis,
  repositories: readonly GiteaRepository[] | undefined,
  expected: HookExpectation,
): Promise<readonly RepositoryHooks[]> {
  if (repositories === undefined) {
    diagnosis.take(resultOf('hooks', skipped('The repositories are not known.')));
    return [];
  }
  const deps = { ...diagnosis.gitea, repositories, expected };
  const hooks = await runCheck(diagnosis, { name: 'hooks' }, (signal) => checkHooks(deps, signal));
  return hooks ?? [];
}

interface Deliveries {
  readonly targets: readonly ProbeTarget[];
  readonly expected: HookExpectation;
  readonly databaseInUse: boolean | undefined;
}

/** Checks the running service, that deliveries arrive there, and that it missed none. */
async function checkServiceAndDeliveries(
  diagnosis: Diagnosis,
  { targets, expected, databaseInUse }: Deliveries,
): Promise<void> {
  const { config, gitea, pollMs, patienceMs, take } = diagnosis;
  const url = serviceUrl(config.host, config.port);
  const token = config.apiTokens?.[0]?.token;
  const service = url === undefined ? undefined : { url, token };
  const health = await runCheck(diagnosis, { name: 'service' }, (signal) =>
    checkService(service, databaseInUse, signal),
  );
  if (service === undefined || health === undefined) {
    const needed = 'This check needs a running service and a token of its API.';
    take(resultOf('delivery', skipped(needed)));
    return;
  }
  const probe = diagnosis.probe && config.giteaToken !== undefined;
  const deps = {
    targets,
    probes: (target: ProbeTarget, signal: AbortSignal) =>
      probesFor(target, { ...gitea, probe }, signal),
    counts: async (signal: AbortSignal) => {
      const now = await askHealth(service, signal);
      if (now === undefined || now === 'foreign' || now.kind === 'closed') return undefined;
      return now.health.checks.webhook;
    },
    expected,
    pollMs,
    patienceMs,
  };
  const deadlineMs = 2 * patienceMs + 10_000;
  const arrives = await runCheck(diagnosis, { name: 'delivery', deadlineMs }, (signal) =>
    checkDelivery(deps, signal),
  );
  const { reconcile } = health.checks;
  if (reconcile === undefined) return;
  take(resultOf('polling', describePolling(reconcile, { arrives, url: expected.url })));
}
