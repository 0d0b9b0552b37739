import { setTimeout as sleepFor } from 'node:timers/promises';

import { ConfigError, TryAgainLater } from '../errors.ts';
import { isStale, type MonitorState } from './context-usage.ts';
import {
  initialMonitorState,
  observe,
  type ContextAnswer,
  type MonitorSettings,
  type Thresholds,
} from './context-monitor.ts';
import type { ContextUsage } from './usage.ts';

/** What the source says of one agent. */
export interface AgentReport {
  /** Its name: one name, one monitor. */
  readonly agent: string;
  /** Left out when the agent is there and has not said how full its context is. */
  readonly usage?: ContextUsage | undefined;
  /** When the agent said so, epoch milliseconds, if not just now; a report seen before is no news. */
  readonly reportedAt?: number | undefined;
  readonly profile?: MonitorSettings['profile'];
}

/** What comes of it. Each may be async; the loop waits for it, and survives what it throws. */
export interface MonitorCallbacks {
  readonly onAnswer: (agent: string, answer: ContextAnswer) => unknown;
  /** Once for each time an agent falls silent; `since`: when it was last heard of. */
  readonly onStale: (agent: string, since: number) => unknown;
  /** The source failed, or, when an agent is named, its report could not be used or its callback threw. */
  readonly onError: (error: unknown, agent?: string) => unknown;
}

export interface MonitorLoopOptions extends MonitorCallbacks {
  /** Asks for all agents at once; to be given up when the signal aborts. */
  readonly source: (signal: AbortSignal) => Promise<readonly AgentReport[]>;
  readonly thresholds: Thresholds;
  readonly signal: AbortSignal;
  readonly intervalMs?: number | undefined;
  readonly now: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep?: ((milliseconds: number, signal: AbortSignal) => Promise<unknown>) | undefined;
}

const defaultIntervalMs = 10_000;
/** A source that takes as long as makes an agent stale says nothing that is true by now. */
const sourceDeadlineIntervals = 3;

interface Watched {
  readonly state: MonitorState;
  /** Its last usable report, or when it was first seen. */
  readonly since: number;
  readonly stale: boolean;
}

/**
 * Asks the source every interval and calls back for each agent; resolves when the signal aborts. Errors of
 * the source, of single reports and of callbacks are handed to `onError` and stop nothing. The interval
 * lies between the end of one round and the next, so that rounds never overlap. An agent that fell silent
 * and is no longer listed is forgotten: if it comes back, it is told anew.
 */
export async function runMonitorLoop(options: MonitorLoopOptions): Promise<void> {
  const { signal, intervalMs = defaultIntervalMs, sleep = sleepUnlessAborted } = options;
  if (!(intervalMs >= 1 && intervalMs <= longestTimerMs))
    throw new ConfigError('interval_invalid', `The interval of ${intervalMs} ms is not one.`);
  const loop = { ...options, intervalMs, sleep };
  const agents = new Map<string, Watched>();
  while (!signal.aborted) {
    await runRound(loop, agents);
    await sleep(intervalMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

/** Node fires longer timers at once. */
const longestTimerMs = 2 ** 31 - 1;

interface Loop extends MonitorLoopOptions {
  readonly intervalMs: number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

async function runRound(loop: Loop, agents: Map<string, Watched>): Promise<void> {
  const { signal } = loop;
  const reports = await guarded(loop, undefined, () => askSource(loop));
  for (const report of reports ?? []) {
    if (signal.aborted) return;
    await guarded(loop, report.agent, () => take(loop, agents, report));
  }
  const listed = reports && new Set(reports.map(({ agent }) => agent));
  for (const [agent, watched] of agents) {
    if (signal.aborted) return;
    await checkSilence(loop, agents, { agent, watched });
    if (agents.get(agent)?.stale === true && listed?.has(agent) === false) agents.delete(agent);
  }
}

async function askSource({ source, signal, intervalMs, sleep }: Loop) {
  const ended = new AbortController();
  const asking = AbortSignal.any([signal, ended.signal]);
  const deadlineMs = Math.min(sourceDeadlineIntervals * intervalMs, longestTimerMs);
  const deadline = sleep(deadlineMs, asking).then(() => {
    throw new TryAgainLater('source_timeout', `The source said nothing for ${deadlineMs} ms.`);
  });
  try {
    return await Promise.race([
      deadline,
      new Promise<readonly AgentReport[]>((resolve) => resolve(source(asking))),
    ]);
  } finally {
    ended.abort();
  }
}

async function take(
  { now, thresholds, onAnswer }: Loop,
  agents: Map<string, Watched>,
  { agent, usage, reportedAt, profile }: AgentReport,
): Promise<void> {
  const seen = agents.get(agent);
  const at = reportedAt ?? now();
  if (seen === undefined)
    agents.set(agent, { state: initialMonitorState, since: at, stale: false });
  const state = seen?.state ?? initialMonitorState;
  if (usage === undefined) return;
  if (reportedAt !== undefined && reportedAt === state.lastReportAt) return;
  const observed = observe(state, { ...usage, at }, { ...thresholds, profile });
  agents.set(agent, { state: observed.state, since: at, stale: false });
  await onAnswer(agent, observed.answer);
}

async function checkSilence(
  loop: Loop,
  agents: Map<string, Watched>,
  { agent, watched }: { readonly agent: string; readonly watched: Watched },
): Promise<void> {
  const now = loop.now();
  // A clock that was set back must not keep a silent agent from being found.
  const since = Math.min(watched.since, now);
  const stale = isStale({ since, now, intervalMs: loop.intervalMs });
  agents.set(agent, { ...watched, since, stale });
  if (stale && !watched.stale) await guarded(loop, agent, () => loop.onStale(agent, since));
}

/** Hands what is thrown to `onError`, whose own errors have nobody left to go to. */
async function guarded<T>(
  { onError, signal }: Loop,
  agent: string | undefined,
  act: () => T,
): Promise<Awaited<T> | undefined> {
  try {
    return await act();
  } catch (error) {
    if (signal.aborted) return undefined;
    try {
      await onError(error, agent);
    } catch {
      // The loop goes on.
    }
    return undefined;
  }
}

function sleepUnlessAborted(milliseconds: number, signal: AbortSignal): Promise<unknown> {
  return sleepFor(milliseconds, undefined, { signal });
}
