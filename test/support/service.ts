import { onTestFinished } from 'vitest';
import { z } from 'zod';

import { loadConfig, type Environment } from '../../src/config.ts';
import { createService } from '../../src/app/service.ts';
import type { Overrides } from '../../src/app/overrides.ts';
import type { HandlingDeps } from '../../src/handling/handle-issue.ts';
import { createLogger } from '../../src/log.ts';
import { giteaToken, type FakeGitea } from '../fake-gitea/gitea.ts';
import { claudeEnvironment } from './claude.ts';
import { databaseUrlIn, ensureDatabase, onPostgres, temporaryDirectory } from './database.ts';
import {
  expectDrained,
  expectErrorLines,
  expectPlannedWrites,
  type Leftovers,
} from './leftovers.ts';
import { recordedSecret, type SignedRequest } from './recordings.ts';
import { workerTokens } from './workers.ts';

export { temporaryDirectory };

export const apiToken = 'token-of-the-tests-0001';

interface Clock {
  readonly now: () => number;
  /** Without it the clock never jumps. */
  readonly monotonic?: () => number;
}

function clockOverrides({ now, monotonic }: Clock) {
  return { now, ...(monotonic === undefined ? {} : { monotonic }) };
}

export interface ServiceOptions extends Overrides {
  readonly env?: Environment;
  /** Folder of the database; a fresh one by default. Give one to start again on the same data. */
  readonly directory?: string;
  /** Reads in place of the real reader. */
  readonly read?: HandlingDeps['read'];
  /** The Gitea it reads and writes, with the bot's token. */
  readonly gitea?: FakeGitea;
  /** The Claude that reads texts; without one only the grammar does. */
  readonly claude?: { readonly url: string };
  readonly clock?: Clock;
  /** Every worker of `workers.ts` may call the API. */
  readonly workers?: boolean;
  /** State that the test leaves on purpose; see `Leftovers`. */
  readonly expectAtEnd?: Leftovers;
}

const logLineSchema = z.looseObject({ level: z.string(), msg: z.string().optional() });
export type LogLine = z.infer<typeof logLineSchema>;

/** A folder with a database of this version and nothing in it. */
async function freshDirectory(): Promise<string> {
  const directory = temporaryDirectory();
  await ensureDatabase(directory, true);
  return directory;
}

/** The environment of a service under test: a real database in `directory`, a free port on loopback. */
export function testEnvironment(directory: string, env: Environment = {}): Environment {
  return {
    GITEA_WEBHOOK_SECRET: recordedSecret,
    GITEA_URL: 'https://git.example.test',
    ISSUE_READER: 'offline',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: databaseUrlIn(directory),
    API_TOKENS: `tests:${apiToken}`,
    // A verifier is a process of its own: tests of that say so.
    VERIFIERS: '0',
    // With a token it would write to Gitea: tests of that say so.
    PUBLISH: 'none',
    // The recordings get older from day to day, and what is older than this is not believed.
    DELIVERY_RETENTION_DAYS: '3650',
    ...env,
  };
}

/**
 * Edge and core read the clock of the server each for itself, a few milliseconds apart on a busy machine: what has
 * just come may be due a moment later. With one clock `idle` waits for all that was sent.
 */
const oneClock = {
  now: Date.now,
  monotonic: () => performance.now(),
  processTime: () => performance.now(),
};

/**
 * The whole service on a real port with a real database: the one builder of a running service in this
 * process. It is closed when the test is over. The test fails when the service leaves something that the
 * test did not declare: an error line in the log, a delivery that is due or was given up, or a write to
 * Gitea that no publication explains.
 */
export async function startService(options: ServiceOptions = {}) {
  const { env, read, gitea, ...more } = options;
  const { claude, clock, workers = false, expectAtEnd, ...given } = more;
  const { directory = await freshDirectory(), ...around } = given;
  await ensureDatabase(directory);
  const overrides = {
    reconcileByHand: true,
    ...(onPostgres && clock === undefined && around.now === undefined ? oneClock : {}),
    ...(clock === undefined ? {} : clockOverrides(clock)),
    ...around,
    ...(read === undefined ? {} : { aroundRead: () => read }),
  };
  const config = loadConfig(
    testEnvironment(directory, {
      ...(gitea === undefined ? {} : { GITEA_URL: gitea.url, GITEA_TOKEN: giteaToken }),
      ...(claude === undefined ? {} : claudeEnvironment(claude.url)),
      ...(workers ? { API_TOKENS: `tests:${apiToken},${workerTokens}` } : {}),
      ...env,
    }),
  );
  // A test may have other tokens, or none.
  const token = config.apiTokens[0]?.token ?? '';
  const logs: LogLine[] = [];
  const write = (line: string) => void logs.push(logLineSchema.parse(JSON.parse(line)));
  const coordinator = createService(config, createLogger('debug', { write }), overrides);
  const declared = { ...expectAtEnd };
  const writesBefore = gitea?.writes.length ?? 0;
  let isRunning = false;
  onTestFinished(({ task }) => (task.result?.state === 'fail' ? coordinator.close() : finish()));
  const { url } = await coordinator.start();
  isRunning = true;

  function close(): Promise<void> {
    isRunning = false;
    return coordinator.close();
  }

  /** Closes the service and compares what it leaves with what the test declared. */
  async function finish(): Promise<void> {
    const { idle } = coordinator;
    const text = async () => (await health()).text();
    try {
      if (isRunning && token !== '') await expectDrained({ health: text, idle }, declared);
    } finally {
      await close();
    }
    expectErrorLines(logs, declared);
    const { comment, labels } = config.publish;
    const publishes = (comment || labels) && around.dryRun !== true;
    expectPlannedWrites(gitea?.writes.slice(writesBefore) ?? [], publishes, declared);
  }

  /** Sends a delivery over HTTP. */
  async function send({ headers, body }: SignedRequest) {
    const reply = await fetch(`${url}/webhook/gitea`, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    });
    return { status: reply.status, json: answerSchema.parse(await reply.json()) };
  }

  /** Calls the API with the token of the tests; `method` defaults to GET. */
  async function api(path: string, init: RequestInit = {}) {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${apiToken}`);
    const reply = await fetch(`${url}/api/v1${path}`, { ...init, headers });
    const json: unknown = await reply.json();
    return { status: reply.status, json };
  }

  /** What `/health` shows to whoever has a token. */
  function health(): Promise<Response> {
    return fetch(`${url}/health`, { headers: { authorization: `Bearer ${token}` } });
  }

  /** One plan, or undefined when the API does not know it. */
  async function plan(ref: string): Promise<PlanAnswer | undefined> {
    const { status, json } = await api(`/issues/${ref.replace('#', '/')}`);
    return status === 404 ? undefined : planSchema.parse(json);
  }

  /** Compares Gitea with the store, and resolves when what was found has been handled. */
  async function reconcile() {
    const outcome = await coordinator.reconcile();
    await coordinator.idle();
    return outcome;
  }

  const { app, coreApp, idle } = coordinator;
  return {
    ...{
      url,
      app,
      coreApp,
      config,
      directory,
      logs,
      send,
      api,
      health,
      plan,
      idle,
      reconcile,
      close,
    },
    /** Declares, in the middle of a test, the state that it leaves on purpose. */
    expectAtEnd: (leftovers: Leftovers) => void Object.assign(declared, leftovers),
  };
}

export type Service = Awaited<ReturnType<typeof startService>>;

const answerSchema = z.looseObject({
  status: z.string().optional(),
  deliveryId: z.string().optional(),
  reason: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

const edgeSchema = z.looseObject({ ref: z.string(), state: z.string() });

/** The parts of a plan that tests look at; the rest is kept. */
export const planSchema = z.looseObject({
  ref: z.string(),
  title: z.string(),
  state: z.string(),
  reason: z.object({ code: z.string(), text: z.string() }),
  blockedBy: z.array(edgeSchema),
  blocks: z.array(edgeSchema),
  warnings: z.array(z.object({ code: z.string(), text: z.string() })),
  assignment: z.looseObject({ agent: z.string().nullable() }).nullable(),
});
export type PlanAnswer = z.infer<typeof planSchema>;
