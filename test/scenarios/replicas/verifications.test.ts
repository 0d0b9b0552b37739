import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

import { sql } from 'kysely';
import { expect } from 'vitest';
import { z } from 'zod';

import type { Database } from '../../../src/db/database.ts';
import type { Gitea } from '../../../src/gitea/client.ts';
import { giteaToken } from '../../fake-gitea/gitea.ts';
import {
  openDatabase,
  postgresDatabase,
  temporaryDirectory,
  testOfPostgres as test,
} from '../../support/database.ts';
import { startChild, startedAt } from '../../support/process.ts';
import { apiToken, testEnvironment, type ServiceOptions } from '../../support/service.ts';
import { startWork } from '../../support/work.ts';
import { workerTokens } from '../../support/workers.ts';
import { commits, passed, publishing, startVerifying } from '../../support/verifying.ts';

const verifierToken = 'token-of-the-verifier-1';
const tokens = `tests:${apiToken},${workerTokens},judge:verifier:${verifierToken}`;
const jobSchema = z.object({
  job: z
    .looseObject({ verificationId: z.string(), token: z.string(), attempt: z.number() })
    .nullable(),
});

/** A call of the verifier at one replica. */
async function judge(
  { url }: { readonly url: string },
  path: string,
  { token = '', body }: { readonly token?: string; readonly body?: unknown } = {},
) {
  const reply = await fetch(`${url}/api/v1/verifications${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${verifierToken}`,
      'content-type': 'application/json',
      'x-verification-token': token,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json: unknown = await reply.json();
  return { status: reply.status, json };
}

async function take(service: { readonly url: string }, query = '') {
  return jobSchema.parse((await judge(service, `/take${query}`)).json).job;
}

interface Around {
  readonly one?: (gitea: Gitea) => Gitea;
  readonly two?: (gitea: Gitea) => Gitea;
  readonly publishes?: boolean;
  readonly clock?: NonNullable<ServiceOptions['clock']>;
}

/** For replicas beside one that is a process of its own. */
const realClock = { now: Date.now, monotonic: () => performance.now() };

/** Two replicas, and an issue that worker-1 has claimed. */
async function startTwo({
  one: aroundOne,
  two: aroundTwo,
  publishes = false,
  ...more
}: Around = {}) {
  const url = await postgresDatabase(true);
  const staged = await startVerifying({
    ...{ ...more, publishes, env: { DATABASE_URL: url, PULL_REQUESTS: 'off' } },
    ...(aroundOne === undefined ? {} : { aroundGitea: aroundOne }),
  });
  const { gitea, clock, service: one } = staged;
  const two = await startWork({
    ...{ gitea, clock, ...more },
    ...(aroundTwo === undefined ? {} : { aroundGitea: aroundTwo }),
    env: {
      ...{ DATABASE_URL: url, API_TOKENS: tokens, PULL_REQUESTS: 'off' },
      ...(publishes ? publishing(gitea) : {}),
    },
  });
  return { ...staged, one, two, url, db: openDatabase(url) };
}

const idsSchema = z.array(z.object({ id: z.string() }));

/** Ids of the replicas that have a session. */
async function replicaIds(db: Database): Promise<string[]> {
  const { rows } = await sql`select split_part(application_name, ' ', 2) as id
    from pg_stat_activity where application_name like 'mosaic-coordinator % session'
      and datname = current_database()`.execute(db);
  return idsSchema.parse(rows).map(({ id }) => id);
}

async function endSession(db: Database, id: string): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = ${`mosaic-coordinator ${id} session`}`.execute(db);
}

test(
  'what is completed at one replica is verified through another, and everybody who waits hears of it',
  { timeout: 60_000 },
  async () => {
    const { mine, complete, one, two } = await startTwo();
    const began = performance.now();
    const waiting = take(two, '?wait=30');
    expect((await complete(mine, commits.work)).status).toBe(202);
    const job = await waiting;
    if (job === null) throw new Error('no job');
    expect(await take(one)).toBeNull();
    const { verificationId: id, token } = job;
    expect((await judge(one, `/${id}/heartbeat`, { token })).status).toBe(200);
    const seen = two.api(`/verifications/${id}?wait=30`);
    expect((await judge(one, `/${id}/verdict`, { token, body: passed })).status).toBe(200);
    expect((await seen).json).toMatchObject({ id, state: 'passed' });
    expect(performance.now() - began, 'both were woken').toBeLessThan(20_000);
    // Stored once, and said at either replica: a repeated verdict is late.
    const again = await judge(two, `/${id}/verdict`, { token, body: passed });
    expect(again.status).toBe(409);
    for (const service of [one, two])
      expect(await service.stateOf(1)).toBe('in_review gates_passed');
  },
);

test(
  'two verifiers at two replicas never get the same verification',
  { timeout: 60_000 },
  async () => {
    const { mine, complete, one, two } = await startTwo();
    const asking = [one, two, one, two].map((service) => take(service, '?wait=5'));
    await complete(mine, commits.work);
    const jobs = (await Promise.all(asking)).filter((job) => job !== null);
    expect(jobs).toHaveLength(1);
  },
);

test(
  'what the verifiers of a killed replica ran is queued again at once and without an error',
  { timeout: 90_000 },
  async () => {
    const { mine, complete, one, url, db, gitea } = await startTwo({ clock: realClock });
    const before = await replicaIds(db);
    const directory = temporaryDirectory();
    const child = startChild({
      args: [fileURLToPath(new URL('replica-entry.ts', import.meta.url))],
      environment: testEnvironment(directory, {
        ...{ DATABASE_URL: url, API_TOKENS: tokens, PULL_REQUESTS: 'off', GITEA_URL: gitea.url },
        ...{ GITEA_BOT_USERNAME: 'coordinator-bot', GITEA_TOKEN: giteaToken },
      }),
      directory,
    });
    const third = { url: await startedAt(child) };
    const [id] = (await replicaIds(db)).filter((known) => !before.includes(known));
    await complete(mine, commits.work);
    const job = await take(third, '?wait=10');
    if (job === null) throw new Error('no job');
    // As one of the verifiers that the replica starts: those have tokens that nobody else knows.
    await db
      .updateTable('verifications')
      .set({ verifier: `service:verifier-${id}` })
      .execute();
    await child.kill('SIGKILL');
    // Its lease would end after a minute.
    const next = await take(one, '?wait=40');
    expect(next).toMatchObject({ verificationId: job.verificationId, attempt: 1 });
    if (next === null) return;
    const late = await judge(one, `/${job.verificationId}/verdict`, {
      ...{ token: job.token, body: passed },
    });
    expect(late.status).toBeGreaterThanOrEqual(400);
    const { status } = await judge(one, `/${next.verificationId}/verdict`, {
      ...{ token: next.token, body: passed },
    });
    expect(status).toBe(200);
    expect(await one.stateOf(1)).toBe('in_review gates_passed');
  },
);

test(
  'a replica that loses its session for a moment keeps what its verifiers run',
  { timeout: 60_000 },
  async () => {
    const { mine, complete, two, db } = await startTwo();
    await complete(mine, commits.work);
    const job = await take(two);
    if (job === null) throw new Error('no job');
    // The first one leads: it is the second one that is away.
    const leader = idsSchema.parse(
      (
        await sql`select split_part(application_name, ' ', 2) as id from pg_stat_activity
          join pg_locks using (pid) where locktype = 'advisory' and granted and objsubid = 1
            and application_name like 'mosaic-coordinator % session'
            and pg_stat_activity.datname = current_database() group by 1
          order by count(*) desc limit 1`.execute(db)
      ).rows,
    )[0]?.id;
    const [away] = (await replicaIds(db)).filter((id) => id !== leader);
    if (away === undefined) throw new Error('no second replica');
    await db
      .updateTable('verifications')
      .set({ verifier: `service:verifier-${away}` })
      .execute();
    const read = () =>
      db.selectFrom('verifications').select(['state', 'lease_id']).executeTakeFirstOrThrow();
    const held = await read();
    for (const end = performance.now() + 2_500; performance.now() < end;) {
      await endSession(db, away);
      await sleep(50);
    }
    await expect.poll(() => replicaIds(db), { timeout: 10_000 }).toContain(away);
    expect(await read()).toEqual(held);
    expect(held.state).toBe('running');
  },
);

test(
  'a replica that lost the lead between two statuses leaves the others to the next leader',
  { timeout: 90_000 },
  async () => {
    const written: string[] = [];
    let lose: (() => Promise<void>) | undefined;
    const recording = (by: string) => (gitea: Gitea) => ({
      ...gitea,
      setCommitStatus: async (...call: Parameters<Gitea['setCommitStatus']>) => {
        written.push(`${by} ${call[1].context} ${call[1].state}`);
        const losing = lose;
        lose = undefined;
        await losing?.();
        return gitea.setCommitStatus(...call);
      },
    });
    const { mine, complete, one, two, db } = await startTwo({
      ...{ one: recording('one'), two: recording('two'), publishes: true },
    });
    await complete(mine, commits.work);
    await expect
      .poll(() => written, { timeout: 10_000 })
      .toEqual(['one coordinator/verdict pending']);
    const job = await take(one);
    if (job === null) throw new Error('no job');
    const ids = await replicaIds(db);
    const leads = () => two.logs.some(({ msg }) => msg?.startsWith('this replica leads') === true);
    const first = one.logs.find(({ msg }) => msg?.startsWith('this replica leads') === true);
    expect(ids).toContain(first?.['replica']);
    lose = async () => {
      while (!leads()) {
        await endSession(db, String(first?.['replica']));
        await sleep(100);
      }
    };
    const { verificationId: id, token } = job;
    await judge(one, `/${id}/verdict`, { token, body: passed });
    const wanted = ['build success', 'integrity success', 'test success', 'verdict success'];
    const after = () => written.slice(1);
    await expect
      .poll(
        () => [...new Set(after().map((line) => line.replace(/^\w+ coordinator\//, '')))].sort(),
        {
          timeout: 30_000,
        },
      )
      .toEqual(wanted);
    // The one that it was writing when it lost the lead.
    expect(after().filter((line) => line.startsWith('one'))).toHaveLength(1);
  },
);
