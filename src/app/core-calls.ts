import type { MessagePort } from 'node:worker_threads';

import type { Config } from '../config.ts';
import type { CoreCalls, EdgeCalls } from '../edge/calls.ts';
import { openDoor } from '../edge/door.ts';
import type { Logger } from '../log.ts';
import { createCoordinator } from './coordinator.ts';
import type { Overrides } from './overrides.ts';

/** Longest wait for a report of the edge. */
const reportDeadlineMs = 4_000;

/** The core behind its end of the door to the edge. */
export function createCore(
  config: Config,
  log: Logger,
  port: MessagePort,
  overrides: Overrides = {},
) {
  const calls: CoreCalls = {
    start: () => core.start(),
    listening: (url) => core.listening(url),
    arrived: () => core.arrived(),
    duplicate: (event, bodyHash) => core.followDuplicate(event, bodyHash),
    pullHint: async (hint) => core.followPull?.(hint),
    ping: () => undefined,
    drain: () => core.drain(),
    finish: () => core.finish(),
    close: () => core.close(),
  };
  const door = openDoor<EdgeCalls>(port, calls, (call, error) =>
    log.warn({ err: error, call }, 'what the edge told could not be done'),
  );
  const core = createCoordinator(
    config,
    log,
    {
      report: () => door.ask(reportDeadlineMs, 'report'),
      metrics: () => door.ask(reportDeadlineMs, 'metrics'),
      taken: (upTo) => door.tell('taken', upTo),
      account: (login) => door.tell('account', login),
    },
    overrides,
  );

  /** Resolves when nothing is due, in work or on its way here. */
  async function idle(): Promise<void> {
    await door.settled();
    await core.idle();
  }

  return { app: core.app, idle, reconcile: core.reconcile, close: core.close };
}
