import { createGitea, type Gitea, type GiteaRepository } from '../../gitea/client.ts';
import type { ExaminedConfig } from '../../config.ts';
import type { DatabaseFacts } from '../../db/examine.ts';
import { listKnownRepositories } from '../../plans/known-repositories.ts';
import { withDatabase } from '../with-database.ts';
import { agentsFinding } from './agents.ts';
import { checkDelivery, maxTargets } from './delivery-check.ts';
import { check, skipped, type Budget } from './check.ts';
import { checkClaude } from './claude.ts';
import { configurationFinding, isWrong } from './configuration.ts';
import { checkConnection } from './connection.ts';
import { checkDatabase } from './database.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';
import { faultsOf } from './hook-rules.ts';
import { checkHooks } from './hooks.ts';
import { ownHooks, type HookExpectation, type RepositoryHooks } from './classify-hooks.ts';
import { pollingFinding } from './polling.ts';
import { probesFor, type ProbeTarget } from './probe.ts';
import { checkRepositories, type StoredRepository } from './repositories.ts';
import { checkService, createAskHealth, serviceUrl, type Health } from './service.ts';
import { checkToken } from './token.ts';

export interface DoctorOptions {
  readonly config: ExaminedConfig;
  /** AGENTS_FILE is set. */
  readonly agentsFile: boolean;
  /** Of `--token-file`. */
  readonly adminToken: string | undefined;
  /** The coordinator's own URL, as hooks have to have it. */
  readonly url: string | undefined;
  /** Only this repository. */
  readonly repository: string | undefined;
  readonly probe: boolean;
  readonly now: () => number;
  /** How often the service is asked what has counted. */
  readonly pollMs: number;
  /** Longest wait for deliveries. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

const wholeDeadlineMs = 60_000;
/** Longer than an idle Gitea takes for any of its answers. */
const callDeadlineMs = 5_000;
const maxStoredRepositories = 200;

/** Looks at everything, in order, and tells each finding as soon as it is there. */
export async function diagnose(
  options: DoctorOptions,
  tell: (finding: DoctorFinding) => void,
): Promise<void> {
  const { config, adminToken } = options;
  const budget = { endsAt: performance.now() + wholeDeadlineMs, signal: options.signal };
  // Meanwhile, as it needs nothing of the rest; an abort is noticed below.
  const claude = check(budget, { name: 'claude' }, (signal) => checkClaude(config, signal));
  claude.catch(() => undefined);
  const open = (token: string | undefined): Gitea =>
    createGitea({
      baseUrl: config.giteaUrl ?? '',
      token,
      now: options.now,
      timeoutMs: callDeadlineMs,
    });
  const gitea = {
    anonymous: open(undefined),
    bot: open(config.giteaToken),
    admin: adminToken === undefined ? undefined : open(adminToken),
  };
  try {
    await diagnoseAll({ ...options, budget, gitea }, (checked) => {
      checked.findings.forEach(tell);
      return checked.value;
    });
    (await claude).findings.forEach(tell);
  } finally {
    await Promise.all(Object.values(gitea).map(async (client) => client?.close()));
  }
}

interface Diagnosis extends DoctorOptions {
  readonly budget: Budget;
  readonly gitea: {
    readonly anonymous: Gitea;
    readonly bot: Gitea;
    readonly admin: Gitea | undefined;
  };
}

type Take = <T>(checked: CheckResult<T>) => T | undefined;

async function diagnoseAll(diagnosis: Diagnosis, take: Take): Promise<void> {
  const { config, budget } = diagnosis;
  take({ findings: [configurationFinding(config)], value: undefined });
  const database = take(checkDatabase(config));
  take({ findings: [agentsFinding(config, diagnosis.agentsFile)], value: undefined });
  const facts = database?.facts;
  const known = facts?.kind === 'current' ? await knownRepositories(database?.path ?? '') : [];
  const repositories = await diagnoseGitea(diagnosis, known, take);
  const expected = { url: diagnosis.url, port: config.port };
  const hooks = await diagnoseHooks(diagnosis, { repositories, expected }, take);
  const url = serviceUrl(config.host, config.port);
  const ask = createAskHealth(url ?? '');
  const held = heldOf(facts);
  const health = take(
    await check(budget, { name: 'service' }, (signal) => checkService({ url, ask, held }, signal)),
  );
  if (health === undefined) {
    take(skipped('There is no service that could tell what has arrived.', 'delivery'));
    return;
  }
  const targets = targetsOf(repositories ?? [], hooks, expected);
  await checkDeliveries(diagnosis, { targets, health, ask, expected }, take);
}

function heldOf(facts: DatabaseFacts | undefined): boolean | undefined {
  if (facts?.kind === 'new') return false;
  return facts !== undefined && 'held' in facts ? facts.held : undefined;
}

async function knownRepositories(path: string) {
  let known: StoredRepository[] = [];
  await withDatabase(path, async (db) => {
    known = await listKnownRepositories(db, maxStoredRepositories);
  });
  return known;
}

/** Gitea, the token and what the bot may do; undefined when its repositories stay unknown. */
async function diagnoseGitea(
  { config, budget, gitea, now, repository }: Diagnosis,
  known: readonly StoredRepository[],
  take: Take,
): Promise<readonly GiteaRepository[] | undefined> {
  const { giteaUrl: url, giteaToken, botUsername } = config;
  const rest = ['token', 'repositories'];
  if (url === undefined) {
    take(skipped('GITEA_URL is wrong; see configuration.', 'gitea', ...rest));
    return undefined;
  }
  const signedIn = giteaToken === undefined ? undefined : gitea.bot;
  const connection = take(
    await check(budget, { name: 'gitea' }, (signal) =>
      checkConnection({ gitea: gitea.anonymous, signedIn, url, now }, signal),
    ),
  );
  if (connection === undefined) {
    take(skipped('Gitea cannot be asked.', ...rest));
    return undefined;
  }
  if (giteaToken === undefined) {
    take({ findings: [noToken(config)], value: undefined });
    take(skipped('There is no token to ask with.', 'repositories'));
    return undefined;
  }
  const bot = take(
    await check(budget, { name: 'token' }, (signal) =>
      checkToken({ gitea: gitea.bot, botUsername }, signal),
    ),
  );
  if (bot === undefined) {
    take(skipped('It is not known whose the token is.', 'repositories'));
    return undefined;
  }
  const deps = { gitea: gitea.bot, bot: bot.login, only: repository, known };
  return take(
    await check(budget, { name: 'repositories' }, (signal) => checkRepositories(deps, signal)),
  );
}

function noToken(config: ExaminedConfig): DoctorFinding {
  const name = 'token';
  if (isWrong(config, 'GITEA_TOKEN'))
    return { name, mark: 'skipped', text: 'GITEA_TOKEN is wrong; see configuration.' };
  return {
    name,
    mark: 'hint',
    text: 'GITEA_TOKEN is not set: nothing is read back from Gitea, published there, or found out without a webhook.',
    cure: 'Make a token of the bot with the scopes write:issue, read:repository, read:user, and put it in GITEA_TOKEN.',
  };
}

async function diagnoseHooks(
  { budget, gitea }: Diagnosis,
  {
    repositories,
    expected,
  }: {
    readonly repositories: readonly GiteaRepository[] | undefined;
    readonly expected: HookExpectation;
  },
  take: Take,
): Promise<readonly RepositoryHooks[]> {
  if (repositories === undefined) {
    take(skipped('The repositories are not known.', 'hooks'));
    return [];
  }
  const deps = { ...gitea, repositories, expected };
  const checked = await check(budget, { name: 'hooks' }, (signal) => checkHooks(deps, signal));
  return take(checked) ?? [];
}

/** Where a delivery can be expected: not where it is known that no active hook sends here. */
function targetsOf(
  repositories: readonly GiteaRepository[],
  classified: readonly RepositoryHooks[],
  expected: HookExpectation,
): ProbeTarget[] {
  const served = repositories.filter(({ archived, hasIssues }) => !archived && hasIssues);
  const targets = served.flatMap((repository): ProbeTarget[] => {
    const looked = classified.find((each) => each.repository === repository.name);
    if (looked === undefined || looked.incomplete) return [{ repository, hooks: undefined }];
    const sending = ownHooks(looked.hooks, expected).filter(({ hook }) => {
      const kinds = faultsOf(hook, expected.url).map(({ kind }) => kind);
      return !kinds.includes('inactive') && !kinds.includes('url') && !kinds.includes('type');
    });
    return sending.length === 0 ? [] : [{ repository, hooks: sending }];
  });
  return targets.slice(0, maxTargets);
}

async function checkDeliveries(
  { budget, gitea, probe, pollMs, patienceMs, config }: Diagnosis,
  {
    targets,
    health,
    ask,
    expected,
  }: {
    readonly targets: readonly ProbeTarget[];
    readonly health: Health;
    readonly ask: ReturnType<typeof createAskHealth>;
    readonly expected: HookExpectation;
  },
  take: Take,
): Promise<void> {
  const probing = { ...gitea, probe: probe && config.giteaToken !== undefined };
  const arrives = take(
    await check(budget, { name: 'delivery', deadlineMs: 2 * patienceMs + 10_000 }, (signal) =>
      checkDelivery(
        {
          targets,
          probes: (target, aborted) => probesFor(target, probing, aborted),
          counts: async (aborted) => {
            const found = await ask(aborted);
            return found === 'foreign' ? undefined : found?.checks.webhook;
          },
          expected,
          pollMs,
          patienceMs,
        },
        signal,
      ),
    ),
  );
  const { reconcile } = health.checks;
  if (reconcile === undefined) return;
  const { url } = expected;
  take({ findings: [pollingFinding(reconcile, { arrives, url })], value: undefined });
}
