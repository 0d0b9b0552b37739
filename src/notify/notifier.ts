import { createHash } from 'node:crypto';

import type { Database } from '../db/database.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import { backoffMs, withJitter } from '../lib/backoff.ts';
import { createLoop } from '../lib/loop.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { Logger } from '../log.ts';
import { readFacts, type Fact, type ServiceTrouble } from './facts.ts';
import { messageTo, type MessageDeps, type NotifyTarget } from './messages.ts';
import {
  beginTargets,
  isNews,
  lastNotice,
  noteFacts,
  readNotices,
  targetRows,
  toldKeys,
  updateTarget,
  type TargetRow,
} from './rows.ts';
import { send } from './send.ts';

export interface NotifierDeps extends MessageDeps {
  readonly db: Database;
  readonly writes: WriteQueue;
  readonly targets: readonly NotifyTarget[];
  readonly agents: readonly AgentProfile[];
  /** Pull requests are opened for what passed. */
  readonly pullRequests: boolean;
  /** What the checks of the service say that a person should hear of. */
  readonly trouble: () => Promise<readonly ServiceTrouble[]>;
  /** False: another replica tells. */
  readonly isLeader: () => boolean;
  readonly random: () => number;
  readonly log: Logger;
}

export type Notifier = ReturnType<typeof createNotifier>;

/** Interval of looking for something to tell. */
const intervalMs = 5_000;
/** A target gets no more than one message in this time: what comes up meanwhile is told together. */
const gatherMs = 30_000;
const retry = { firstMs: 5_000, factor: 3, maxMs: 3_600_000 };
/** Failures in a row from which on the check is degraded. */
const failuresToTell = 3;

/**
 * Tells people outside of Gitea what needs them. It compares what is so with what it told, so that nothing is lost by
 * a crash, and tells everything once; what ends and comes again is told again.
 *
 * Promises: a notice is stored with the mark that it was told, in one transaction. A target that fails is tried again
 * with growing pauses, up to an hour, or when it asks for that, with the same message under the same id; one that is refused for good goes on as
 * the number of its notices alone.
 *
 * Accepted races: a crash between an answer and its record sends the message once more, under the same id. Of what came
 * and went between two looks nothing is told.
 */
export function createNotifier(deps: NotifierDeps) {
  const { db, writes, targets, now, log } = deps;
  const repeated = createRepeatedLines(log);
  const loop = createLoop({
    step: async (signal) => {
      if (deps.isLeader()) await tell(signal);
      return intervalMs;
    },
    onError: (error) => {
      repeated.error({ err: error }, 'what is to be told cannot be read, retrying');
      return intervalMs;
    },
  });

  async function tell(signal: AbortSignal): Promise<void> {
    const trouble = await deps.trouble();
    const found = await readFacts({ ...deps, now: now(), trouble });
    const ids = targets.map(idOf);
    // A write tells every page that something has changed: none while nothing has.
    if (differs(await toldKeys(db), found) || (await targetRows(db, ids)).includes(undefined))
      await writes.transaction(async (transaction) => {
        await beginTargets(transaction, ids);
        await noteFacts(transaction, { ...found, now: now() });
      });
    const rows = await targetRows(db, ids);
    const newest = await lastNotice(db);
    await Promise.all(
      targets.map(async (target, index) => {
        const row = rows[index];
        if (row !== undefined) await tellTarget(target, row, newest, signal);
      }),
    );
  }

  async function tellTarget(
    target: NotifyTarget,
    row: TargetRow,
    newest: number,
    signal: AbortSignal,
  ): Promise<void> {
    const upTo = row.sending_up_to ?? newest;
    if (row.due_at > now() || upTo <= row.sent_up_to) return;
    const { notices, count } = await readNotices(db, row.sent_up_to, upTo);
    const change = (values: Partial<TargetRow>) => writes.run(() => updateTarget(db, row, values));
    // Its notices are older than they are kept.
    if (notices.length === 0) return change({ sent_up_to: upTo, sending_up_to: null });
    await change({ sending_up_to: upTo });
    const id = `msg_${hashOf(`${row.target} ${row.sent_up_to} ${upTo}`).slice(0, 27)}`;
    // What a receiver cannot take as it is must not stand in the way of what comes after it.
    const isRefused =
      row.attempts >= failuresToTell && /^status 4(00|13|22)$/.test(row.error ?? '');
    const listed = isRefused ? [] : notices;
    const digest = { id, notices: listed, more: count - listed.length };
    const failure = await send(messageTo(target, digest, deps), { signal, now });
    if (signal.aborted && failure !== undefined) return undefined;
    if (failure === undefined)
      return change({
        ...{ sent_up_to: upTo, sending_up_to: null, attempts: 0, error: null },
        due_at: now() + gatherMs,
      });
    const { reason, retryAfterMs = 0 } = failure;
    repeated.warn({ form: target.form, reason }, 'a notice was not taken, retrying');
    // A receiver that is gone wants no more; the check says so at once, and it is asked again once an hour.
    const isGone = reason === 'status 410';
    const attempts = Math.max(row.attempts + 1, isGone ? failuresToTell : 0);
    const pauseMs = isGone ? retry.maxMs : withJitter(backoffMs(retry, attempts), deps.random);
    return change({
      ...{ attempts, error: reason },
      due_at: now() + Math.max(pauseMs, Math.min(retryAfterMs, retry.maxMs)),
    });
  }

  /** How the targets do; their addresses may be secret and are not shown. */
  async function check() {
    const ids = new Map(targets.map((target) => [idOf(target), target.form]));
    const rows = await db
      .selectFrom('notify_targets')
      .select(['target', 'attempts', 'error'])
      .where('target', 'in', [...ids.keys()])
      .execute();
    const failing = rows.filter(({ attempts }) => attempts >= failuresToTell);
    const [first] = failing;
    if (first === undefined) return { status: 'ok' as const, targets: targets.length };
    return {
      status: 'degraded' as const,
      targets: targets.length,
      cause: `${failing.length} of ${targets.length} targets of NOTIFY_URL take nothing: ${ids.get(first.target) ?? ''}, ${first.error ?? ''}.`,
      cure: 'Correct NOTIFY_URL, or mend the receiver; doctor sends a trial.',
    };
  }

  const { start, stop, wake, idle } = loop;
  return { start, stop, wake, idle, check };
}

/** Whether something has come up or ended since it was told. */
function differs(
  told: ReadonlySet<string>,
  { facts, isCut }: { readonly facts: readonly Fact[]; readonly isCut: boolean },
): boolean {
  const keys = new Set(facts.flatMap((fact) => fact.keys));
  return (
    (!isCut && [...told].some((key) => !keys.has(key))) || facts.some((fact) => isNews(fact, told))
  );
}

/** What a target is known by in the database; another token is another target. */
function idOf({ form, url, token }: NotifyTarget): string {
  return hashOf(JSON.stringify([form, url, token ?? null]));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
