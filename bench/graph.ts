import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { storeUpdate } from '../src/handling/commit-update.ts';
import type { IssueUpdate } from '../src/plans/issue-update.ts';
import { createDatabase } from '../src/db/database.ts';
import { migrate } from '../src/db/migrations.ts';
import { recomputeAllStates } from '../test/support/recompute-all-states.ts';
import { randomNumbers } from '../test/support/random.ts';
import { issueUpdate } from '../test/support/issue-update.ts';
import { measureTangles } from './tangles.ts';

/**
 * Cost of recomputing states with 10,000 open issues of the bot and 30,000 edges, in a database on the disk of the
 * working directory: `npm run bench -- graph`. A closing is all of one transaction, as the worker stores an
 * event, its flush to disk included; the issue is reopened before the next.
 *
 * | numbers      | what                                                                              |
 * | ------------ | --------------------------------------------------------------------------------- |
 * | 1–2000       | a chain: each waits for the one before                                            |
 * | 2001         | a hub: 2002–3001 wait for nothing else                                            |
 * | 3002–3101    | 20 cycles of five                                                                |
 * | 3102–10000   | a tangle without cycles: each waits for about four of the 200 before it          |
 */
const issueCount = 10_000;
const edgeCount = 30_000;
const chainLength = 2_000;
const hub = chainLength + 1;
const hubDependents = 1_000;
const firstInCycle = hub + hubDependents + 1;
const cycleSize = 5;
const firstInTangle = firstInCycle + 20 * cycleSize;
const windowSize = 200;
const rounds = 20;
const tangleClosings = 100;

const text = `Files to modify: 3\nTotal estimated: 46,800 tokens\n\n${'Words of a person. '.repeat(100)}`;

const directory = mkdtempSync(join(process.cwd(), 'bench-data-'));
const db = createDatabase(join(directory, 'graph.db'));
let clock = Date.parse('2026-11-23T10:00:00Z');

/** Blockers of each issue; the same in every run. */
function makeGraph(): Map<number, number[]> {
  const graph = new Map<number, number[]>();
  for (let number = 1; number <= issueCount; number += 1) graph.set(number, waitsFor(number));
  const random = randomNumbers(5);
  let edges = [...graph.values()].flat().length;
  while (edges < edgeCount) {
    const number = firstInTangle + 1 + Math.floor(random() * (issueCount - firstInTangle));
    const before = Math.min(windowSize, number - firstInTangle);
    const other = number - 1 - Math.floor(random() * before);
    const known = graph.get(number) ?? [];
    if (known.includes(other)) continue;
    known.push(other);
    edges += 1;
  }
  return graph;
}

function waitsFor(number: number): number[] {
  if (number <= chainLength) return number === 1 ? [] : [number - 1];
  if (number > hub && number < firstInCycle) return [hub];
  if (number < firstInCycle || number >= firstInTangle) return [];
  const place = (number - firstInCycle) % cycleSize;
  return [place === cycleSize - 1 ? number - place : number + 1];
}

/** One snapshot of an issue, stored as the worker does. */
async function store(number: number, blockers: readonly number[], open: boolean) {
  const update = updateOf(number, blockers, open);
  const startedAt = performance.now();
  const { recomputed } = await db
    .transaction()
    .execute((transaction) => storeUpdate(transaction, update, clock));
  return { ms: performance.now() - startedAt, recomputed };
}

/** All issues as stored, a flush to disk for many. */
async function storeAll(graph: ReadonlyMap<number, number[]>): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (const [number, blockers] of graph)
      await storeUpdate(transaction, updateOf(number, blockers, true), clock);
  });
}

function updateOf(number: number, blockers: readonly number[], open: boolean): IssueUpdate {
  clock += 1000;
  return issueUpdate({ number, blockers, open, at: clock, text });
}

/** Closes an issue, and reopens it for the next one. */
async function close(number: number, graph: ReadonlyMap<number, number[]>) {
  const blockers = graph.get(number) ?? [];
  const closed = await store(number, blockers, false);
  const reopened = await store(number, blockers, true);
  return { closed, reopened };
}

async function measureClosings(
  name: string,
  numbers: readonly number[],
  graph: ReadonlyMap<number, number[]>,
): Promise<void> {
  const results: Awaited<ReturnType<typeof close>>[] = [];
  for (const number of numbers) results.push(await close(number, graph));
  const counts = results.map(({ closed }) => closed.recomputed).sort((a, b) => a - b);
  print(`closing ${name}: ${figures(results.map(({ closed }) => closed.ms))}`);
  print(`  issues that then stand differently: ${counts[0] ?? 0} to ${counts.at(-1) ?? 0}`);
  print(`  reopening it: ${figures(results.map(({ reopened }) => reopened.ms))}`);
}

async function measureAll(): Promise<void> {
  const times: number[] = [];
  let changed = 0;
  for (let round = 0; round < 5; round += 1) {
    clock += 1000;
    await db
      .updateTable('issues')
      .set({ state: '', ready_at: null, queue_key: null, unblocks: 0, cycle_key: null })
      .execute();
    const startedAt = performance.now();
    changed = await db
      .transaction()
      .execute((transaction) => recomputeAllStates(transaction, clock));
    times.push(performance.now() - startedAt);
  }
  print(`a full recomputation, ${changed} issues written: ${figures(times)} (bar 2000 ms)`);
}

function figures(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (index: number) => sorted[index]?.toFixed(1) ?? '-';
  const middle = Math.floor(sorted.length / 2);
  return `min ${at(0)}, median ${at(middle)}, max ${at(sorted.length - 1)} ms of ${sorted.length}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await migrate(db);
  const graph = makeGraph();
  const startedAt = performance.now();
  await storeAll(graph);
  const { count } = await db
    .selectFrom('edges')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const perIssue = (performance.now() - startedAt) / issueCount;
  print(`${issueCount} issues, ${count} edges; storing took ${perIssue.toFixed(1)} ms an issue`);
  await measureAll();
  const often = (number: number) => Array.from({ length: rounds }, () => number);
  const random = randomNumbers(7);
  const tangled = Array.from(
    { length: tangleClosings },
    () => firstInTangle + Math.floor(random() * (issueCount - firstInTangle)),
  );
  print('a closing should take less than 50 ms');
  await measureClosings('one of the tangle', tangled, graph);
  await measureClosings(`the hub of ${hubDependents}`, often(hub), graph);
  await measureClosings('the first of the chain', often(1), graph);
  await measureClosings('the middle of the chain', often(chainLength / 2), graph);
  await measureClosings('the last of the chain', often(chainLength), graph);
  await measureClosings('one of a cycle', often(firstInCycle), graph);
  await measureTangles(print);
} finally {
  await db.destroy();
  rmSync(directory, { recursive: true, force: true });
}
