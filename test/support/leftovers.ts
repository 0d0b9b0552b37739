import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';
import { z } from 'zod';

import { giteaBot, type FakeGitea } from '../fake-gitea/gitea.ts';

/** State in which a test leaves its service on purpose. Anything else that is left fails the test. */
export interface Leftovers {
  /** Words out of the messages of log lines of level error; each of them has to come. */
  readonly errors?: readonly string[];
  /** The same of lines that may come: what is under way when something fails is a matter of time. */
  readonly mayErrors?: readonly string[];
  /** Number of deliveries that were given up. */
  readonly dead?: number;
  /** Deliveries are still due or in work, because what they need never answers. */
  readonly undrained?: boolean;
  /** Writes of the bot that the test makes beside the service. */
  readonly writes?: readonly RegExp[];
}

/** Longest wait for the deliveries that are still due when a test ends. */
const drainMs = 5_000;

const inboxSchema = z.object({
  checks: z.object({ inbox: z.looseObject({ pending: z.number(), dead: z.number() }) }),
});

interface Running {
  /** The text that `/health` answers with. */
  readonly health: () => Promise<string>;
  readonly idle: () => Promise<void>;
}

/** Waits until no delivery is due, and counts what is left in the inbox. */
async function drain({ health, idle }: Running) {
  const deadline = Date.now() + drainMs;
  for (;;) {
    const patience = new AbortController();
    const timeout = sleep(drainMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([idle(), timeout]);
    patience.abort();
    const { inbox } = inboxSchema.parse(JSON.parse(await health())).checks;
    if (inbox.pending === 0 || Date.now() >= deadline)
      return { due: inbox.pending, dead: inbox.dead };
  }
}

/** Compares the inbox of a service that still runs at the end of its test with what the test declared. */
export async function expectDrained(service: Running, declared: Leftovers): Promise<void> {
  if (declared.undrained === true) return;
  expect(await drain(service), 'deliveries left in the inbox').toEqual({
    due: 0,
    dead: declared.dead ?? 0,
  });
}

interface Line {
  readonly level: string;
  readonly msg?: string | undefined;
}

/** Compares the error lines of a log with those that the test declared. */
export function expectErrorLines(
  logs: readonly Line[],
  { errors = [], mayErrors = [] }: Leftovers,
): void {
  const lines = logs.filter(({ level }) => level === 'error' || level === 'fatal');
  const undeclared = lines.filter(
    ({ msg = '' }) => ![...errors, ...mayErrors].some((words) => msg.includes(words)),
  );
  expect(undeclared, 'undeclared error lines in the log').toEqual([]);
  const missing = errors.filter((words) => !lines.some(({ msg = '' }) => msg.includes(words)));
  expect(missing, 'declared error lines that the log does not have').toEqual([]);
}

/** Writes that publishing makes: comment and labels of an issue, labels of a repository, statuses, pull requests. */
const publishing = [
  /^POST \/repos\/[^/]+\/[^/]+\/issues\/\d+\/comments$/,
  /^(PATCH|DELETE) \/repos\/[^/]+\/[^/]+\/issues\/comments\/\d+$/,
  /^POST \/repos\/[^/]+\/[^/]+\/issues\/\d+\/labels$/,
  /^DELETE \/repos\/[^/]+\/[^/]+\/issues\/\d+\/labels\/\d+$/,
  /^POST \/repos\/[^/]+\/[^/]+\/labels$/,
  /^POST \/repos\/[^/]+\/[^/]+\/statuses\/[0-9a-f]+$/,
  /^POST \/repos\/[^/]+\/[^/]+\/pulls$/,
  /^PATCH \/repos\/[^/]+\/[^/]+\/pulls\/\d+$/,
];

/** Compares the bot's writes with what publishing makes; a service that does not publish makes none. */
export function expectPlannedWrites(
  made: FakeGitea['writes'],
  publishes: boolean,
  { writes = [] }: Leftovers,
): void {
  const planned = [...writes, ...(publishes ? publishing : [])];
  const unplanned = made
    .filter(({ by }) => by === giteaBot)
    .map(({ method, path }) => `${method} ${path}`)
    .filter((write) => !planned.some((pattern) => pattern.test(write)));
  expect(unplanned, 'unplanned writes to Gitea').toEqual([]);
}
