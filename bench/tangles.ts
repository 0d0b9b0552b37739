import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { createDatabase, type Database } from '../src/db/database.ts';
import { migrate } from '../src/db/migrations.ts';
import { storeUpdate } from '../src/handling/commit-update.ts';
import { issueUpdate } from '../test/support/issue-update.ts';
import { randomNumbers } from '../test/support/random.ts';

/**
 * Processor time of issues that nearly all wait for each other: each of `size` issues names 20 random others. An
 * event is all of one transaction, as the worker stores it. A tangle that takes more than `maxSeconds` of it is left.
 */
const named = 20;
const sizes = [300, 800, 2_000];
const maxSeconds = 60;
const rounds = 50;

type Store = (number: number, blockers: readonly number[], open?: boolean) => Promise<number>;

/** Measures each tangle in a database of its own, and prints a table. */
export async function measureTangles(
  print: (line: string) => void,
  of: readonly number[] = sizes,
): Promise<void> {
  print(`tangles: each issue names ${named} others; ms of processor time an event`);
  for (const size of of) {
    const directory = mkdtempSync(join(process.cwd(), 'bench-data-'));
    const db = createDatabase(join(directory, 'tangle.db'));
    try {
      await migrate(db);
      await measure(size, storeIn(db), print);
    } finally {
      await db.destroy();
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

function storeIn(db: Database): Store {
  let at = Date.parse('2026-11-23T10:00:00Z');
  return async (number, blockers, open = true) => {
    at += 1000;
    const update = issueUpdate({ number, blockers, open, at });
    const before = process.cpuUsage();
    await db.transaction().execute((transaction) => storeUpdate(transaction, update, at));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}

async function measure(size: number, store: Store, print: (line: string) => void): Promise<void> {
  const random = randomNumbers(size);
  const any = () => 1 + Math.floor(random() * size);
  const blockersOf = Array.from({ length: size + 1 }, (_, number) => {
    const others = new Set<number>();
    while (others.size < named) others.add(any());
    others.delete(number);
    return [...others];
  });
  const blockers = (number: number) => blockersOf[number] ?? [];
  const began = process.cpuUsage();
  const secondsUsed = () => {
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1_000_000;
  };
  const isLate = () => secondsUsed() > maxSeconds;
  const times = new Map<string, number[]>();
  const note = async (what: string, event: () => Promise<number>) => {
    if (!isLate()) times.set(what, [...(times.get(what) ?? []), await event()]);
  };
  for (let number = 1; number <= size && !isLate(); number += 1)
    await note('first sight', () => store(number, blockers(number)));
  for (let round = 0; round < rounds && !isLate(); round += 1) {
    const number = any();
    await note('the same again', () => store(number, blockers(number)));
    await note('an edge goes', () => store(number, blockers(number).slice(1)));
    await note('an edge comes', () => store(number, blockers(number)));
    await note('closed', () => store(number, blockers(number), false));
    await note('reopened', () => store(number, blockers(number)));
  }
  const seen = times.get('first sight')?.length ?? 0;
  const left = seen < size ? `, left at issue ${seen}` : '';
  const memory = Math.round(process.memoryUsage().rss / 1_048_576);
  print(`  ${size} issues: ${secondsUsed().toFixed(1)} s${left}, ${memory} MB`);
  for (const [what, list] of times) print(`    ${what.padEnd(15)} ${figures(list)}`);
}

function figures(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  return `mean ${mean.toFixed(1)}, median ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} of ${times.length}`;
}
