import { expect } from 'vitest';

import { createDatabase, type Database } from '../../../src/db/database.ts';
import { startGitea, type GiteaIssue } from '../../fake-gitea/gitea.ts';
import { openDatabase, postgresDatabase } from '../../support/database.ts';
import { startProxy } from '../../support/proxy.ts';
import { recomputeAllStates } from '../../support/recompute-all-states.ts';
import { startService, type Service, type ServiceOptions } from '../../support/service.ts';

const repositoryId = 2;

/** Several replicas in this process on one PostgreSQL, behind a proxy that a Gitea tells. */
export async function stageReplicas(
  count: number,
  options: Omit<ServiceOptions, 'directory'> = {},
) {
  const url = await postgresDatabase(true);
  const gitea = await startGitea();
  const issues = new Map<number, GiteaIssue>();
  gitea.repositories.set(repositoryId, { name: 'acme/orbit', issues });
  const proxy = await startProxy();
  const services: Service[] = [];

  async function start(more: Partial<ServiceOptions> = {}): Promise<Service> {
    const service = await startService({
      ...{ gitea, random: () => 0.5 },
      ...options,
      ...more,
      env: { DATABASE_URL: url, PUBLISH: 'comment,labels', ...options.env, ...more.env },
    });
    proxy.add(service.url);
    services.push(service);
    return service;
  }

  for (let at = 0; at < count; at += 1) await start();
  gitea.addHook({ url: `${proxy.url}/webhook/gitea` });
  const db = openDatabase(url);

  /** Resolves when Gitea has told everything, every delivery is handled, and all is published. */
  async function settle(): Promise<void> {
    for (let seen = -1; seen < gitea.delivered.length;) {
      await gitea.settled();
      seen = gitea.delivered.length;
      await expect.poll(() => settled(db), { timeout: 60_000, interval: 50 }).toBe(true);
      await gitea.settled();
    }
  }

  return { gitea, url, services, start, db, proxy, settle };
}

/** No delivery waits, and no issue is shown otherwise than it is. */
export async function settled(db: Database): Promise<boolean> {
  const waiting = await db
    .selectFrom('deliveries')
    .select('seq')
    .where('status', '=', 'waiting')
    .limit(1)
    .executeTakeFirst();
  const unpublished = await db
    .selectFrom('issues')
    .select('number')
    .whereRef('revision', '!=', 'published')
    .limit(1)
    .executeTakeFirst();
  return waiting === undefined && unpublished === undefined;
}

/** What follows from others; a decision anew changes none of it. */
const decided = [
  ...(['repository_id', 'number', 'state', 'reason_code', 'reason_params'] as const),
  ...(['unblocks', 'cycle_key'] as const),
];

/** Everything decided anew equals what is stored. */
export async function audit(url: string): Promise<void> {
  const db = createDatabase(url);
  try {
    const before = await decisions(db);
    await db.transaction().execute((transaction) => recomputeAllStates(transaction, Date.now()));
    expect(await decisions(db), 'decided anew').toEqual(before);
  } finally {
    await db.destroy();
  }
}

function decisions(db: Database) {
  return db
    .selectFrom('issues')
    .select(decided)
    .orderBy('repository_id')
    .orderBy('number')
    .execute();
}
