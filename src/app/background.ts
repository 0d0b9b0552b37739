import { setTimeout as sleep } from 'node:timers/promises';

import { recallAnswer, rememberAnswer } from '../claude/answers.ts';
import type { Claude } from '../claude/client.ts';
import type { Config } from '../config.ts';
import { refreshIssues } from '../handling/refresh-issues.ts';
import { findKnownReferences } from '../plans/known-references.ts';
import { findStalePlans, rememberAgents } from '../plans/replan.ts';
import type { ClaudeDeps } from '../reading/reader.ts';
import type { Parts } from './parts.ts';

/** Pause between two tries to make the refreshes due that waited for Claude. */
const retryPauseMs = 1_000;
/** Interval at which deliveries past their retention are deleted. */
const pruneIntervalMs = 3_600_000;

/**
 * Claude as the reader uses it, its answers stored. When it comes back from an outage, the refreshes that
 * waited for it become due, and `returns` grows.
 */
export function createClaudeAccess(
  parts: Pick<Parts, 'db' | 'writes' | 'inbox' | 'wakeConsumer' | 'stopping' | 'now' | 'log'>,
  claude: Claude,
  models: NonNullable<Config['claude']>,
) {
  const { db, writes, inbox, now, log } = parts;
  const stopping = parts.stopping.signal;
  let returns = 0;

  async function makeRefreshesDue(): Promise<void> {
    // Tried until it is done: nothing else would notice that Claude is back.
    while (!stopping.aborted) {
      try {
        await writes.run(() => inbox.makeRefreshesDue());
        parts.wakeConsumer();
        return;
      } catch (error) {
        log.warn(
          { err: error },
          'Claude is back, but its refreshes could not be made due: retrying',
        );
        await sleep(retryPauseMs, undefined, { signal: stopping }).catch(() => undefined);
      }
    }
  }

  const reader: ClaudeDeps = {
    ...models,
    ask: async (question, signal) => {
      const wasPaused = claude.pausedUntil() !== undefined;
      const outcome = await claude.ask(question, signal);
      if (wasPaused && claude.pausedUntil() === undefined) {
        returns += 1;
        void makeRefreshesDue();
      }
      return outcome;
    },
    recall: (key) => recallAnswer(db, key),
    // Of its own repository alone: who reads the plan may not read the others.
    describe: async ({ repository }, refs) => {
      const own = refs.filter((ref) => ref.startsWith('#')).map((ref) => Number(ref.slice(1)));
      const found = await findKnownReferences(db, repository, own);
      return new Map([...found].map(([number, known]) => [`#${number}`, known]));
    },
    remember: (key, answer) => writes.run(() => rememberAnswer(db, key, answer, now())),
    asksAgain: true,
  };
  return { reader, returns: () => returns };
}

/** Deletes deliveries past their retention, at start and every hour, where no other replica does. */
export function createPruning(
  { inbox, log, isLeader }: Pick<Parts, 'inbox' | 'log'> & { readonly isLeader: () => boolean },
  retentionDays: number,
) {
  let timer: NodeJS.Timeout | undefined;

  async function prune(): Promise<void> {
    if (!isLeader()) return;
    try {
      const pruned = await inbox.prune(retentionDays);
      if (pruned > 0) log.info({ pruned }, 'old deliveries deleted');
    } catch (error) {
      log.error({ err: error }, 'old deliveries could not be deleted');
    }
  }

  async function start(): Promise<void> {
    await prune();
    timer = setInterval(() => void prune(), pruneIntervalMs);
  }

  return { start, stop: () => clearInterval(timer) };
}

/**
 * Refreshes the issues that this start would plan differently from the last one: other agents, other labels that hold.
 * The refreshes are no decision, and outside of the queue, since they may be thousands: at the start of SQLite nobody
 * else writes yet, and beside other replicas the worst is a second refresh (`requestRefreshes`). The agents are
 * remembered last, so a start that failed does it all again.
 */
export async function replanForStart(
  { db, writes, inbox }: Pick<Parts, 'db' | 'writes' | 'inbox'>,
  { agents, holdLabels }: Pick<Config, 'agents' | 'holdLabels'>,
): Promise<number> {
  const stale = await findStalePlans(db, agents, holdLabels);
  await refreshIssues(db, inbox, stale);
  await writes.transaction((transaction) => rememberAgents(transaction, agents));
  return stale.length;
}
