import { setTimeout as sleep } from 'node:timers/promises';

import { fileURLToPath } from 'node:url';

import { sql } from 'kysely';
import { expect } from 'vitest';
import { z } from 'zod';

import { audit as auditRules } from '../../../src/claims/audit.ts';
import { createDatabase, type Database } from '../../../src/db/database.ts';
import { migrate } from '../../../src/db/migrations.ts';
import { leaderKey } from '../../../src/db/postgres/lock-keys.ts';
import { giteaBot, giteaToken, startGitea, type GiteaIssue } from '../../fake-gitea/gitea.ts';
import { temporaryDirectory } from '../../support/database.ts';
import { ownPostgres } from '../../support/own-postgres.ts';
import { logLines, startChild, startedAt } from '../../support/process.ts';
import { startProxy } from '../../support/proxy.ts';
import { randomNumbers } from '../../support/random.ts';
import { startService, testEnvironment } from '../../support/service.ts';
import { workerNames, workerTokens } from '../../support/workers.ts';
import { startTeam } from './team.ts';
import { audit, settled } from './stage-replicas.ts';

const repositoryId = 2;

export interface KillOptions {
  readonly replicas: number;
  /** Kills of a random replica, which is started again. */
  readonly kills: number;
  /** Ends of PostgreSQL in between, half of them crashes. */
  readonly restarts: number;
  /** Stops of the leader for longer than its session lives; it goes on when another one leads. */
  readonly stops?: number;
  readonly seed: number;
}

const entry = fileURLToPath(new URL('replica-entry.ts', import.meta.url));

type Replica = Awaited<ReturnType<typeof startReplica>>;

async function startReplica(env: Record<string, string>) {
  const directory = temporaryDirectory();
  const environment = testEnvironment(directory, env);
  const child = startChild({ args: [entry], environment, directory });
  return { ...child, url: await startedAt(child) };
}

/**
 * Kills replicas and restarts PostgreSQL while people act on Gitea and workers work; then lets everything finish and
 * looks at what is left. Returns figures for people.
 */
export async function killReplicas({ replicas, kills, restarts, stops = 0, seed }: KillOptions) {
  const random = randomNumbers(seed);
  const postgres = await ownPostgres();
  const db = createDatabase(postgres.url);
  await migrate(db);
  const gitea = await startGitea();
  gitea.repositories.set(repositoryId, {
    name: 'acme/orbit',
    issues: new Map<number, GiteaIssue>(),
  });
  const proxy = await startProxy();
  gitea.addHook({ url: `${proxy.url}/webhook/gitea` });
  const env = {
    ...{ DATABASE_URL: postgres.url, GITEA_URL: gitea.url, GITEA_TOKEN: giteaToken },
    ...{ PUBLISH: 'comment,labels', API_TOKENS: workerTokens, RECONCILE_INTERVAL_SECONDS: '10' },
    LOG_LEVEL: 'info',
  };
  const all: Replica[] = [];

  async function start(): Promise<Replica> {
    const replica = await startReplica(env);
    all.push(replica);
    proxy.add(replica.url);
    return replica;
  }

  const running = await Promise.all(Array.from({ length: replicas }, start));
  const team = startTeam({ gitea, url: proxy.url, workers: workerNames.slice(0, 3), random });
  const takeovers: number[] = [];
  const between = Math.ceil(kills / (restarts + 1));
  for (let kill = 1; kill <= kills; kill += 1) {
    await sleep(100 + random() * 900);
    const at = Math.floor(random() * running.length);
    const [victim] = running.splice(at, 1);
    if (victim === undefined) throw new RangeError('no replica runs');
    proxy.remove(victim.url);
    const before = await leaderOf(db);
    await victim.kill('SIGKILL');
    const tookMs = await takeover(db, before, true);
    if (tookMs !== undefined) takeovers.push(tookMs);
    running.push(await start());
    if (kill % between === 0 && kill / between <= restarts) {
      await postgres.halt(random() < 0.5 ? 'SIGQUIT' : 'SIGINT');
      await sleep(random() * 1_000);
      await postgres.start();
    }
  }
  for (let stop = 1; stop <= stops; stop += 1) {
    await sleep(2_000);
    takeovers.push(await stopLeader(db, { running, proxy }));
  }
  const acted = await team.stop();
  await gitea.settled();
  for (const replica of running)
    expect(replica.hasEnded(), 'a replica ended by itself').toBe(false);
  await expect.poll(() => settled(db), { timeout: 180_000, interval: 200 }).toBe(true);

  // Gitea never sends a delivery twice: what nobody took is found by comparing.
  const last = await startService({ gitea, env });
  await last.reconcile();
  await expect.poll(() => settled(db), { timeout: 180_000, interval: 200 }).toBe(true);
  await last.close();
  for (const replica of running) expect(await replica.kill('SIGTERM')).toMatchObject({ code: 0 });

  const deliveries = await expectNothingLost(db, gitea.delivered);
  expectNothingDoubled(all);
  await expectClaimsSound(db);
  await expectAsOnGitea(db, gitea);
  await audit(postgres.url);
  await db.destroy();
  takeovers.sort((one, other) => one - other);
  return {
    ...{ seed, kills, restarts, stops, ...acted, deliveries },
    refused: gitea.delivered.filter(({ status }) => status !== 200).length,
    takeoversMs: {
      count: takeovers.length,
      median: takeovers[takeovers.length >> 1],
      max: takeovers.at(-1),
    },
  };
}

/** Stops the leader as it works, and lets it go on when another one has led for a while; returns the time until then. */
async function stopLeader(
  db: Database,
  {
    running,
    proxy,
  }: {
    readonly running: readonly Replica[];
    readonly proxy: Awaited<ReturnType<typeof startProxy>>;
  },
): Promise<number> {
  const session = await leaderOf(db);
  const { rows } = await sql`select split_part(application_name, ' ', 2) as id
    from pg_stat_activity where pid = ${session}`.execute(db);
  const [{ id }] = z.tuple([z.object({ id: z.string() })]).parse(rows);
  const victim = running.find(({ output }) => output.stdout.includes(`"replica":"${id}"`));
  if (victim === undefined) throw new RangeError(`no replica has the id ${id}`);
  // What the proxy has just sent it stays in its sockets until it goes on.
  victim.send('SIGSTOP');
  proxy.remove(victim.url);
  const tookMs = await takeover(db, session);
  await sleep(3_000);
  victim.send('SIGCONT');
  proxy.add(victim.url);
  expect(tookMs).toBeDefined();
  return tookMs ?? 0;
}

const leaderSchema = z.array(z.object({ pid: z.number() }));

/** The session that holds the lock of the leader. */
async function leaderOf(db: Database): Promise<number | undefined> {
  const { rows } = await sql`select pid from pg_locks where locktype = 'advisory' and granted
    and ((classid::bigint << 32) | objid::bigint) = ${sql.lit(leaderKey)}::bigint`.execute(db);
  return leaderSchema.parse(rows)[0]?.pid;
}

/** Time until another session leads; undefined when the victim did not. */
async function takeover(
  db: Database,
  before: number | undefined,
  isKilled = false,
): Promise<number | undefined> {
  const since = performance.now();
  // The server notices that a session has ended within milliseconds.
  await sleep(20);
  if (before === undefined || (isKilled && (await leaderOf(db)) === before)) return undefined;
  for (;;) {
    const now = await leaderOf(db);
    if (now !== undefined && now !== before) return Math.round(performance.now() - since);
    if (performance.now() - since > 60_000) throw new Error('no replica leads');
    await sleep(10);
  }
}

interface Told {
  readonly id: string;
  /** What the service answered. */
  readonly answer: string;
}

async function expectNothingLost(db: Database, told: readonly Told[]): Promise<number> {
  const rows = await db.selectFrom('deliveries').select(['id', 'status']).execute();
  const undone = rows.filter(({ status }) => status !== 'done');
  expect(undone, 'deliveries that were not handled').toEqual([]);
  const stored = new Set(rows.map(({ id }) => id));
  const accepted = told.filter(({ answer }) => answer.includes('"accepted"'));
  const lost = accepted.filter(({ id }) => !stored.has(id));
  expect(lost, 'acknowledged and not stored').toEqual([]);
  expect(accepted.length).toBeGreaterThan(0);
  return accepted.length;
}

/** A group of deliveries is stored once: by whomever, its last delivery is logged once. */
function expectNothingDoubled(all: readonly Replica[]): void {
  const lines = all.flatMap(({ output }) => logLines(output.stdout));
  const handled = lines.filter(({ msg }) => msg === 'issue handled');
  const counts = Map.groupBy(handled, ({ delivery }) => String(delivery));
  const doubled = [...counts].filter(([, same]) => same.length > 1);
  expect(doubled, 'handled twice').toEqual([]);
  expect(handled.length).toBeGreaterThan(0);
}

async function expectClaimsSound(db: Database): Promise<void> {
  expect(await auditRules(db, Date.now(), 100)).toEqual([]);
  const { rows } = await sql`select one.id from claims as one join claims as other
    on one.repository_id = other.repository_id and one.number = other.number and one.id < other.id
      and one.claimed_at < coalesce(other.ended_at, 9e15)
      and other.claimed_at < coalesce(one.ended_at, 9e15)`.execute(db);
  expect(rows, 'claims of one issue at the same time').toEqual([]);
}

async function expectAsOnGitea(
  db: Database,
  gitea: Awaited<ReturnType<typeof startGitea>>,
): Promise<void> {
  const rows = await db.selectFrom('issues').select(['number', 'open', 'assigned']).execute();
  for (const { number, open, assigned } of rows) {
    const ref = `acme/orbit#${number}`;
    const issue = gitea.issueOf(ref);
    const isAssigned = (issue.assignees ?? []).includes(giteaBot);
    expect([ref, open === 1, assigned === 1]).toEqual([ref, issue.open, isAssigned]);
    const comments = gitea.commentsOf(ref).filter(({ author }) => author === giteaBot).length;
    const wanted = issue.open && isAssigned ? [1] : [0, 1];
    expect(wanted, `comments of ${ref}`).toContain(comments);
  }
}
