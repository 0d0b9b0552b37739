import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';
import { z } from 'zod';

import { loadConfig, type Environment } from '../../src/config.ts';
import { createCoordinator, type Overrides } from '../../src/app/coordinator.ts';
import type { HandlerDeps } from '../../src/handling/handler.ts';
import { createLogger } from '../../src/log.ts';
import { recordedSecret, type SignedRequest } from './recordings.ts';

export const apiToken = 'token-of-the-tests-0001';

export interface ServiceOptions extends Overrides {
  readonly env?: Environment;
  /** Where the database is; a fresh folder by default. Give one to start again on the same data. */
  readonly directory?: string;
  /** Reads in place of the real reader. */
  readonly read?: HandlerDeps['read'];
}

const logLineSchema = z.looseObject({ level: z.string(), msg: z.string().optional() });
export type LogLine = z.infer<typeof logLineSchema>;

/** A folder that is gone when the test is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'mosaic-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
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
    DATABASE_URL: `file:${join(directory, 'coordinator.db')}`,
    API_TOKENS: `tests:${apiToken}`,
    // With a token it would write to Gitea: tests of that say so.
    PUBLISH: 'none',
    ...env,
  };
}

/** The whole service on a real port with a real database; it is closed when the test is over. */
export async function startService(options: ServiceOptions = {}) {
  const { env, directory = temporaryDirectory(), read, ...around } = options;
  const overrides = {
    reconcileByHand: true,
    ...around,
    ...(read === undefined ? {} : { aroundRead: () => read }),
  };
  const config = loadConfig(testEnvironment(directory, env));
  const logs: LogLine[] = [];
  const write = (line: string) => void logs.push(logLineSchema.parse(JSON.parse(line)));
  const coordinator = createCoordinator(config, createLogger('debug', { write }), overrides);
  onTestFinished(() => coordinator.close());
  const { url } = await coordinator.start();

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

  const { app, idle, close } = coordinator;
  return { url, app, config, directory, logs, send, api, plan, idle, reconcile, close };
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
