import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { describeError, TryAgainLater } from '../errors.ts';
import { removeTree } from '../gates/checkout/private-directory.ts';
import type { ClaimedIssueAnswer } from '../issue/claim-answers.ts';
import { backoffMs, withJitter, type Backoff } from '../lib/backoff.ts';
import { homeOf, runJob } from './job.ts';
import type { JobDeps, JobView } from './job-record.ts';
import { createJournal, type Journal, type JournalEntry } from './journal.ts';
import type { ClaimWish } from './service-client.ts';

const serviceBackoff: Backoff = { firstMs: 1_000, factor: 2, maxMs: 60_000 };
/** Pauses after faults of this machine or the network: issues must not go back one after another. */
const faultBackoff: Backoff = { firstMs: 30_000, factor: 2, maxMs: 600_000 };

export interface RunnerOptions {
  readonly deps: JobDeps;
  readonly wish: ClaimWish;
  /** Issues that are worked on side by side. */
  readonly jobs: number;
  /** Work on at most one issue in each job, and end when there is none. */
  readonly once: boolean;
  /** Ends what a run left behind; resolves to the number of processes. */
  readonly endAgentLeftBehind: (marker: string) => Promise<number>;
  readonly show: (job: number, view: JobView | undefined) => void;
  /** Aborts when the runner is to stop, and when it is to end at once. */
  readonly stop: AbortSignal;
  readonly abandon: AbortSignal;
  readonly random: () => number;
}

/**
 * Takes issues and works on them until it is stopped. First it goes on with what a runner that was killed left in its
 * directory. Resolves to what its operator has to do before it can go on; undefined for nothing.
 */
export async function runWork(options: RunnerOptions): Promise<string | undefined> {
  const { deps, jobs, stop } = options;
  const tell = reasonsOnce(deps.log);
  const directory = join(deps.directory, 'journal');
  const left = await leftJobs(directory);
  await removeOldHomes(deps.directory, left);
  const halt = new AbortController();
  const own = { ...options, stop: AbortSignal.any([stop, halt.signal]) };
  let problem: string | undefined;
  const numbers = new Set([...left.keys(), ...Array.from({ length: jobs }, (_, n) => n + 1)]);
  const results = await Promise.allSettled(
    [...numbers].map(async (number) => {
      const journal = createJournal(directory, number);
      const endAgent = () => void endRun(journal, options);
      options.abandon.addEventListener('abort', endAgent, { once: true });
      try {
        problem ??= await runJobs(own, { journal, number, tell });
        // Other issues would fail for the same reason.
        if (problem !== undefined) halt.abort();
      } catch (error) {
        halt.abort();
        if (!options.abandon.aborted) throw error;
      } finally {
        options.show(number, undefined);
      }
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return problem;
}

/** Ends the agent of a job, if there is one; resolves to the number of its processes. */
async function endRun(journal: Journal, { endAgentLeftBehind }: RunnerOptions): Promise<number> {
  const marker = (await journal.read())?.marker;
  return marker === undefined ? 0 : endAgentLeftBehind(marker);
}

/** What each job of a killed runner had under way, by its number. */
async function leftJobs(directory: string): Promise<ReadonlyMap<number, JournalEntry>> {
  const left = new Map<number, JournalEntry>();
  for (const name of await readdir(directory).catch(() => [])) {
    const number = Number(/^job-(\d{1,4})\.json$/.exec(name)?.[1]);
    const entry = await (number > 0 ? createJournal(directory, number).read() : undefined);
    if (entry !== undefined) left.set(number, entry);
  }
  return left;
}

async function removeOldHomes(
  directory: string,
  left: ReadonlyMap<number, JournalEntry>,
): Promise<void> {
  const kept = new Set([...left.values()].map(({ claim }) => homeOf('', claim?.claimId ?? '')));
  for (const name of await readdir(join(directory, 'homes')).catch(() => []))
    // What cannot be deleted is tried again at the next start.
    if (!kept.has(homeOf('', name)))
      await removeTree(homeOf(directory, name)).catch(() => undefined);
}

/** Logs the reasons when they are others than before: the service is asked every minute. */
function reasonsOnce(log: JobDeps['log']): Slot['tell'] {
  let told: string | undefined;
  return (waiting) => {
    const reasons = JSON.stringify(waiting);
    if (reasons !== told) log.info({ waiting }, 'no issue to hand out');
    told = reasons;
  };
}

interface Slot {
  readonly journal: Journal;
  readonly number: number;
  /** Says why the service hands out nothing, with counts by reason. */
  readonly tell: (waiting: Readonly<Record<string, number>>) => void;
}

async function runJobs(options: RunnerOptions, slot: Slot): Promise<string | undefined> {
  const { deps, jobs, once, stop, abandon } = options;
  const { journal, number } = slot;
  let faults = 0;
  const isStopped = () => stop.aborted;
  while (!isStopped()) {
    const left = await journal.read();
    if (left === undefined && number > jobs) return undefined;
    const entry = await takeUp(options, slot, left);
    if (entry === undefined) {
      if (once) return undefined;
      continue;
    }
    const { claim } = entry;
    const show = (view: JobView) => options.show(number, view);
    const end = await runJob({ claim, entry, journal, stop, abandon, show }, deps);
    deps.log.info({ issue: claim.issue, end: end.kind, detail: end.message }, 'issue left');
    options.show(number, undefined);
    if (end.kind !== 'waits') await journal.clear();
    await deps.workspace.prune(abandon);
    if (end.needsOperator === true || (once && end.isFault === true)) return end.message;
    if (once) return undefined;
    faults = end.isFault === true || end.kind === 'waits' ? faults + 1 : 0;
    if (faults > 0) await pauseAfterFault(faults, options);
  }
  return undefined;
}

/**
 * The claim that a killed runner left, or a new one; undefined when there was nothing to do. A call whose answer was
 * lost is made again with its key, so no claim is left alone.
 */
async function takeUp(
  options: RunnerOptions,
  { journal, tell }: Slot,
  left: JournalEntry | undefined,
): Promise<(JournalEntry & { readonly claim: ClaimedIssueAnswer }) | undefined> {
  const { deps, wish, stop, random } = options;
  const { client, log, uuid } = deps;
  const isStopped = () => stop.aborted;
  const processes = left === undefined ? 0 : await endRun(journal, options);
  if (processes > 0) log.warn({ processes }, 'ended an agent whose runner was killed');
  if (left?.claim !== undefined) {
    log.info({ issue: left.claim.issue }, 'goes on with what was under way');
    return { ...left, claim: left.claim };
  }
  const entry = left ?? (await journal.begin(uuid(), copyOf(wish)));
  for (let failures = 0; ; failures += 1) {
    try {
      const { claim, waiting } = await client.claim(entry.wish, entry.key, stop);
      if (claim !== null) {
        await journal.note({ claim });
        log.info({ issue: claim.issue, agent: claim.agent }, 'issue claimed');
        return { ...entry, claim };
      }
      tell(waiting ?? {});
      await journal.clear();
      return undefined;
    } catch (error) {
      if (isStopped()) return undefined;
      if (!(error instanceof TryAgainLater)) throw error;
      const delayMs = withJitter(backoffMs(serviceBackoff, failures + 1), random);
      log.warn({ cause: describeError(error), retryInMs: delayMs }, 'no issue was taken');
      await sleep(delayMs, undefined, { signal: stop }).catch(() => undefined);
      if (isStopped()) return undefined;
    }
  }
}

function copyOf({ agents, repositories }: ClaimWish): JournalEntry['wish'] {
  return {
    ...(agents && { agents: [...agents] }),
    ...(repositories && { repositories: [...repositories] }),
  };
}

async function pauseAfterFault(
  faults: number,
  { deps, stop, random }: RunnerOptions,
): Promise<void> {
  const delayMs = withJitter(backoffMs(faultBackoff, faults), random);
  deps.log.warn({ retryInMs: delayMs }, 'waits: the next issue may meet the same fault');
  await sleep(delayMs, undefined, { signal: stop }).catch(() => undefined);
}
