import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

import type { Config } from '../config.ts';
import type { CoreCalls, EdgeCalls } from '../edge/calls.ts';
import { openDoor } from '../edge/door.ts';
import { createEdge } from '../edge/edge.ts';
import { CoordinatorError, describeError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { createCore } from './core-calls.ts';
import { followsPulls } from './forge.ts';
import { createIntake } from './engines.ts';
import type { Overrides } from './overrides.ts';

/** Longest start: the pages of a large database are read, and an old one is migrated. */
const startDeadlineMs = 600_000;
/** Longest wait for the core to end its work at close: a moment longer than it waits itself. */
const finishDeadlineMs = 7_200;
/** Longest wait for the store of the edge to close. */
const storeDeadlineMs = 1_500;
/** Longest wait for anything else of the core. */
const answerDeadlineMs = 5_000;

/**
 * The whole service in one thread, for tests and the demo: edge and core meet at the same door as in `serve`. Nothing
 * is opened before `start`; `close` undoes it in reverse and may be called twice; `idle` resolves when no delivery is
 * due or in work, and what follows from it is published.
 */
export function createService(config: Config, log: Logger, overrides: Overrides = {}) {
  const { port1, port2 } = new MessageChannel();
  const core = createCore(config, log, port1, overrides);
  const service = createEdgeOf(config, log, port2, overrides);

  async function idle(): Promise<void> {
    // What was told before it is under way by then.
    await service.ping();
    await core.idle();
  }

  return {
    ...{ app: service.app, coreApp: core.app },
    ...{ start: service.start, close: service.close },
    ...{ idle, reconcile: core.reconcile },
  };
}

type EdgeOverrides = Pick<Overrides, 'now' | 'monotonic' | 'dryRun' | 'aroundInsert'>;

/** The edge, with the core at the other end of `port`: starts both, and closes both. */
export function createEdgeOf(
  config: Config,
  log: Logger,
  port: MessagePort,
  overrides: EdgeOverrides = {},
) {
  const { dryRun = false, aroundInsert } = overrides;
  const monotonic = overrides.monotonic ?? overrides.now ?? (() => performance.now());
  const startedAt = monotonic();
  const { database, giteaToken } = config;
  const intake = createIntake({
    ...{ database, now: overrides.now },
    uptimeMs: () => monotonic() - startedAt,
  });
  const store = { ...intake, insert: aroundInsert?.(intake.insert) ?? intake.insert };
  const now = overrides.now ?? store.now ?? Date.now;
  const calls: EdgeCalls = {
    report: () => edge.report(),
    metrics: () => edge.metrics(),
    // A deletion that fails is made up for by the next one.
    taken: (upTo) => void store.forget(upTo).catch(() => undefined),
    account: (login) => edge.learnAccount(login),
  };
  const door = openDoor<CoreCalls>(port, calls, (call, error) =>
    log.warn({ err: error, call }, 'what the core told could not be done'),
  );
  const edge = createEdge({
    ...{ store, door, now, log },
    secrets: config.webhookSecrets,
    account: giteaToken === undefined ? config.botUsername : undefined,
    followsPulls: followsPulls(config, dryRun),
    followsDuplicates: giteaToken !== undefined,
    trustProxy: config.trustProxy,
    // With a token the present state is read from Gitea, whatever a delivery says.
    maxAgeDays: giteaToken === undefined ? config.deliveryRetentionDays : undefined,
  });
  let closing: Promise<void> | undefined;

  /** Starts the core, opens the store, and listens. */
  async function start(): Promise<{ url: string }> {
    try {
      const { socketPath } = await door.ask(startDeadlineMs, 'start');
      edge.forwardTo(socketPath);
      await store.open();
      const url = await listen();
      door.tell('listening', url);
      return { url };
    } catch (error) {
      await close();
      throw error;
    }
  }

  async function listen(): Promise<string> {
    const { host, port: wanted } = config;
    try {
      return await edge.app.listen({ host, port: wanted });
    } catch (error) {
      const message = `Cannot listen on ${host}, port ${wanted}: ${describeError(error)}. Correct HOST and PORT.`;
      throw new CoordinatorError('cannot_listen', message, { cause: error });
    }
  }

  function close(): Promise<void> {
    closing ??= shutDown();
    return closing;
  }

  /** Answers what is under way; then the core takes in all that was accepted, and both close. */
  async function shutDown(): Promise<void> {
    edge.drain();
    door.tell('drain');
    const deadline = sleep(finishDeadlineMs, undefined, { ref: false });
    const finished = edge
      .close()
      .then(() => door.ask(finishDeadlineMs, 'finish'))
      .catch((error: unknown) => log.warn({ err: error }, 'the core did not finish its work'));
    await Promise.race([finished, deadline]);
    // The last to close a database removes its log: the core reads the spool no more, and this the database.
    await Promise.race([store.close(), sleep(storeDeadlineMs, undefined, { ref: false })]);
    await door.ask(answerDeadlineMs, 'close').catch(() => undefined);
    door.close();
  }

  return { app: edge.app, start, close, ping: () => door.ask(answerDeadlineMs, 'ping') };
}
