import { createGitea, type Gitea } from '../../gitea/client.ts';
import { listKnownRepositories } from '../../plans/known-repositories.ts';
import { withDatabase } from '../with-database.ts';
import { agentsFinding } from './agents.ts';
import { check } from './check.ts';
import { checkClaude } from './claude.ts';
import { configurationFinding } from './configuration.ts';
import { checkDatabase, type CheckedDatabase } from './database.ts';
import type { Diagnosis, DoctorOptions } from './diagnosis.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';
import { checkAccess, checkWebhooks } from './gitea-checks.ts';
import type { StoredRepository } from './repositories.ts';
import { checkServiceAndDeliveries } from './service-checks.ts';

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
  take({ findings: [configurationFinding(config)], value: undefined });
  const database = take(checkDatabase(config));
  take({ findings: [agentsFinding(config, agentsFile)], value: undefined });
  const repositories = await checkAccess(diagnosis, await storedRepositories(database));
  const expected = { url, port: config.port };
  const hooks = await checkWebhooks(diagnosis, { repositories, expected });
  await checkServiceAndDeliveries(diagnosis, {
    repositories: repositories ?? [],
    hooks,
    expected,
    databaseInUse: database?.inUse,
  });
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
