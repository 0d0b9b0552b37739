import { connectionLimits, limitConnections, openFilesLimit } from '../http/connections.ts';
import { registerLiveness } from '../http/health.ts';
import { createApp } from '../http/server.ts';
import { createIntake, type IntakeStore } from '../inbox/intake.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { Logger } from '../log.ts';
import { createWebhookCounts } from '../webhook/counts.ts';
import type { WebhookSecrets } from '../webhook/signature.ts';
import { registerWebhook } from '../webhook/route.ts';
import type { CoreCalls, EdgeReport } from './calls.ts';
import type { openDoor } from './door.ts';
import { createEdgeMetrics } from './edge-metrics.ts';
import { createForwarder } from './forward.ts';

export interface EdgeOptions {
  readonly secrets: WebhookSecrets;
  /** Login of the account that we write with; undefined: the core will tell. */
  readonly account: string | undefined;
  /** Whether hints about our pull requests are followed. */
  readonly followsPulls: boolean;
  /** Whether a delivery that came before brings on a look at its issue. */
  readonly followsDuplicates: boolean;
  /** Age in days from which a snapshot is not believed any more. */
  readonly maxAgeDays: number | undefined;
  /** Proxies whose word about the client counts. */
  readonly trustProxy: readonly string[];
  readonly store: IntakeStore;
  readonly door: Pick<ReturnType<typeof openDoor<CoreCalls>>, 'ask' | 'tell'>;
  readonly now: () => number;
  readonly log: Logger;
}

/** The core is told of arrivals no more often. */
const gatherMs = 20;
/** Longest wait for a core that is asked whether it lives. */
const pingDeadlineMs = 5_000;
/** Looks at issues and pull requests that the core may owe; what any further one would find, reconcile passes find. */
const maxOwed = 200;
/** After this it owes a look no more: longer than anything that it comes back from. */
const owedMs = 3_600_000;
/** Longest wait at close for requests under way. Node checks its own timeouts no more by then. */
const lastAnswersMs = 5_000;

/**
 * What the service shows to the world: takes deliveries and answers for them by itself, and passes every other
 * request on to the core. It never waits for the core to take a delivery.
 */
export function createEdge(options: EdgeOptions) {
  const { store, door, now, log } = options;
  const app = createApp(log, { trustProxy: options.trustProxy });
  const limits = connectionLimits(openFilesLimit());
  const connections = limitConnections(app.server, { log, now, limit: limits.connections });
  const counts = createWebhookCounts(now);
  const metrics = createEdgeMetrics(counts);
  const intake = createIntake(store.insert, now);
  const lines = createRepeatedLines(log);
  let account = options.account;
  let socketPath: string | undefined;
  let isDraining = false;
  let telling: NodeJS.Timeout | undefined;
  let isMore = false;
  const owed = new Set<string>();

  registerWebhook(app, {
    ...{ log, now, counts, secrets: options.secrets, maxAgeDays: options.maxAgeDays },
    account: () => account,
    add: intake.add,
    addRejected: intake.addRejected,
    isStored: store.isStored,
    labelsOf: store.labelsOf,
    isNamedBlocker: store.isNamedBlocker,
    provenTime: store.provenTime,
    onPullHint: options.followsPulls ? followPull : undefined,
    onAccepted: tellArrived,
    onAnswered: metrics.acknowledged,
    onAuthentic: connections.prove,
    onDuplicate: (event, bodyHash) => {
      if (options.followsDuplicates)
        askForLook(bodyHash, () => door.ask(owedMs, 'duplicate', event, bodyHash));
    },
  });
  registerLiveness(app, { check: store.check, isDraining: () => isDraining });
  const forwarder = createForwarder({
    socketPath: () => socketPath,
    ping: () => door.ask(pingDeadlineMs, 'ping'),
    lines,
    limit: limits.forwarded,
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) {
      done();
      return;
    }
    reply.hijack();
    const { ip, protocol, host } = request;
    forwarder.forward(request.raw, reply.raw, { ip, protocol, host });
  });
  app.addHook('preClose', (done) => {
    connections.closeIdle();
    done();
  });
  app.addHook('onClose', (_instance, done) => {
    lines.flush();
    forwarder.close();
    done();
  });

  /** At once, and then no more than once in a while: a message to another thread costs as much as taking a delivery. */
  function tellArrived(): void {
    if (telling === undefined) {
      door.tell('arrived');
      telling = setTimeout(tellOfMore, gatherMs).unref();
    } else isMore = true;
  }

  function tellOfMore(): void {
    telling = undefined;
    if (!isMore) return;
    isMore = false;
    tellArrived();
  }

  /** Asks for a look after the answer, unless the core owes the same one already: however many come, few wait. */
  function askForLook(key: string, ask: () => Promise<void>): void {
    if (owed.has(key) || owed.size >= maxOwed) return;
    owed.add(key);
    void ask()
      .catch((error: unknown) => lines.warn({ err: error }, 'the core did not follow a delivery'))
      .finally(() => owed.delete(key));
  }

  async function followPull(hint: Parameters<IntakeStore['isOurPull']>[0]): Promise<boolean> {
    const isOurs = await store.isOurPull(hint);
    if (isOurs) askForLook(JSON.stringify(hint), () => door.ask(owedMs, 'pullHint', hint));
    return isOurs;
  }

  async function report(): Promise<EdgeReport> {
    return {
      webhook: counts.read(),
      refusedInARow: counts.refusedInARow(),
      rejectedInARow: counts.rejectedInARow(),
      lastTakenAt: counts.lastTakenAt(),
      connections: connections.check(),
      intake: await store.check(),
    };
  }

  /** Stops listening and answers what is under way; a client that sends or reads too slowly is cut off. */
  async function close(): Promise<void> {
    const late = setTimeout(() => app.server.closeAllConnections(), lastAnswersMs);
    await app.close().finally(() => clearTimeout(late));
    await intake.settled();
  }

  return {
    ...{ app, report, close, metrics: metrics.text },
    /** Everything else is answered by the core behind this socket. */
    forwardTo: (path: string) => (socketPath = path),
    learnAccount: (login: string | undefined) => (account = login),
    /** From now on `/readyz` says that the service is closing. */
    drain: () => (isDraining = true),
  };
}
