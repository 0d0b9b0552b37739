import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';
import { createLogUpdate } from 'log-update';

import { loadAgents, loadStoreConfig } from '../../config.ts';
import { CoordinatorError } from '../../errors.ts';
import { readHeldUp } from '../../claims/hand-out/held-up.ts';
import { readQueue, type Queue } from '../../claims/hand-out/queue-view.ts';
import type { AgentProfile } from '../../planning/agent-profiles.ts';
import type { PlanStore } from '../../plans/plan-views.ts';
import { sizeOf, Terminal, widthOf, type Io } from '../io.ts';
import { listOptionsSchema, parseOptions } from '../options.ts';
import { listenForStop } from '../listen-for-stop.ts';
import { painter, printJson } from '../output.ts';
import { renderQueue } from './render-queue.ts';
import { withDatabase } from '../with-database.ts';

/** Interval at which the live queue is redrawn. */
const refreshMs = 1_000;
/** Height of a terminal without a known size. */
const defaultRows = 24;

/** `queue`: ready, claimed and blocked issues. */
export function addQueueCommand(program: Command, io: Io): void {
  program
    .command('queue')
    .description('show the queue; live in a terminal')
    .option('--limit <number>', 'maximum number of issues of each kind', '10')
    .option('--json', 'the same JSON as the API, once')
    .action((options: unknown) => queue(io, options));
}

async function queue(io: Io, rawOptions: unknown): Promise<void> {
  const { limit, json } = parseOptions(listOptionsSchema, rawOptions);
  const { database, giteaUrl } = loadStoreConfig(io.environment());
  const live = io.stdout.isTTY === true && io.environment()['TERM'] !== 'dumb' && !json;
  await withDatabase(database, async (db) => {
    const store = { db, giteaUrl, profiles: loadAgents(io.environment()).agents };
    if (live) await showLive(io, store, limit);
    else if (json) printJson(io, await read(store, limit));
    else io.stdout.write(`${await drawQueue(io, store, limit)}\n`);
  });
}

interface Shown extends PlanStore {
  readonly profiles: readonly AgentProfile[];
}

async function read({ profiles, ...store }: Shown, limit: number): Promise<Queue> {
  const heldUp = await readHeldUp({ db: store.db, profiles, now: Date.now, asks: undefined });
  return readQueue(store, { limit, now: Date.now(), profiles, heldUp });
}

async function drawQueue(io: Io, store: Shown, limit: number): Promise<string> {
  return renderQueue(await read(store, limit), {
    now: Date.now(),
    width: widthOf(io.stdout),
    paint: painter(io, io.stdout),
  });
}

async function showLive(io: Io, store: Shown, limit: number): Promise<void> {
  const stop = listenForStop(io.signal);
  const update = createLogUpdate(new Terminal(io.stdout));
  try {
    while (!stop.signal.aborted) {
      update(await drawQueue(io, store, Math.min(limit, fittingCount(io))).catch(sayBusy));
      await sleep(refreshMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    stop.release();
    update.done();
  }
}

/** Number of issues of each kind that fit the terminal: eight lines each, and ten around them. */
function fittingCount({ stdout }: Io): number {
  return Math.max(1, Math.floor(((sizeOf(stdout.rows) ?? defaultRows) - 10) / 8));
}

/** The service may lock the database for longer than a reader waits: the next refresh shows it. */
function sayBusy(error: unknown): string {
  if (error instanceof CoordinatorError) throw error;
  return 'The database is busy; retrying.';
}
