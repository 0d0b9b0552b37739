import { expect, test } from 'vitest';

import { createPass } from '../../src/reconcile/pass.ts';
import type { Progress, StoredList } from '../../src/reconcile/rows.ts';
import type { StoredIssue } from '../../src/reconcile/difference.ts';
import type { IssueEvent, IssueSnapshot } from '../../src/issue/event.ts';
import { keyOf, type IssueKey } from '../../src/issue/ref.ts';
import { createLogger } from '../../src/log.ts';

const signal = new AbortController().signal;
const second = 1_000;
const began = Date.parse('2026-11-23T12:00:00Z');

function issue(number: number, more: Partial<IssueSnapshot> = {}): IssueSnapshot {
  return {
    repositoryId: 2,
    repository: 'acme/orbit',
    number,
    title: `Issue ${number}`,
    body: '',
    bodyCut: false,
    open: true,
    assignees: ['bot'],
    labels: [],
    updatedAt: began - 3_600 * second,
    ...more,
  };
}

/** A pass over lists in memory: what is put into the inbox is stored at once. */
function stage({ progress }: { readonly progress?: Progress } = {}) {
  const onGitea = new Map<string, IssueSnapshot>();
  const held = new Map<string, StoredIssue>();
  const clock: { now: number | undefined } = { now: began };
  const none: (issue: StoredIssue) => boolean = () => false;
  const state = {
    progress: progress ?? { watermark: undefined, othersUpTo: undefined },
    ...clock,
    giteaDependenciesDiffer: none,
    isDown: false,
  };
  const asked: string[] = [];
  const looked: number[] = [];
  const natives: number[] = [];
  const warnings: string[] = [];
  const settled: (number | undefined)[] = [];
  let publisherAsked = 0;
  const put = (...issues: readonly IssueSnapshot[]) => {
    for (const each of issues) onGitea.set(keyOf(each), each);
  };
  const store = (each: IssueSnapshot, more: Partial<StoredIssue> = {}) => {
    const { assignees, labels, ...rest } = each;
    const assigned = assignees.includes('bot');
    const flags = { deleted: false, unreadable: false, assigned };
    held.set(keyOf(each), { ...rest, labels: labels ?? [], ...flags, ...more });
  };
  const isOwn = (each: StoredIssue) => each.open && each.assigned && !each.deleted;
  const runPass = createPass({
    searchIssues: ({ type, assigned, state: wanted, since, page, limit }) => {
      if (type === 'pulls') return Promise.resolve({ issues: [], count: 0, total: 0 });
      asked.push(
        `${assigned ? 'own' : 'all'} ${wanted} ${page}${since === undefined ? '' : ' since'}`,
      );
      const rows = [...onGitea.values()]
        .filter((each) => !assigned || each.assignees.includes('bot'))
        .filter((each) => wanted === 'all' || each.open)
        .filter((each) => since === undefined || each.updatedAt >= since)
        .sort((a, b) => b.number - a.number);
      const issues = rows.slice((page - 1) * limit, page * limit);
      return Promise.resolve({ issues, count: issues.length, total: rows.length });
    },
    currentFacts: (facts) => {
      looked.push(facts.number);
      const found = onGitea.get(keyOf(facts));
      if (found === undefined)
        return Promise.resolve({ facts: { ...facts, deleted: true }, confirmed: true });
      const { labels, ...rest } = found;
      const current = { ...rest, labels: labels ?? [], labelsUpdatedAt: 0, deleted: false };
      return Promise.resolve({ facts: current, confirmed: true });
    },
    giteaDependenciesDiffer: (each) => {
      natives.push(each.number);
      return Promise.resolve(state.giteaDependenciesDiffer(each));
    },
    bot: () => Promise.resolve('bot'),
    tokenUser: () => (state.isDown ? Promise.reject(new Error('down')) : Promise.resolve('Bot')),
    store: {
      progress: () => Promise.resolve(state.progress),
      find: (issues) => Promise.resolve(issues.flatMap((each) => held.get(keyOf(each)) ?? [])),
      list: (which: StoredList, after: IssueKey | undefined, limit: number) =>
        Promise.resolve(
          [...held.values()]
            .filter((each) => (which === 'blockers' ? false : isOwn(each) === (which === 'open')))
            .filter((each) => each.number > (after?.number ?? 0))
            .sort((a, b) => a.number - b.number)
            .slice(0, limit),
        ),
      finish: (next) => {
        state.progress = next;
        return Promise.resolve();
      },
    },
    add: (events: readonly IssueEvent[]) => {
      asked.push(`add ${events.length}`);
      for (const event of events) {
        const found = onGitea.get(keyOf(event.issue));
        if (found === undefined) held.delete(keyOf(event.issue));
        else store(found);
      }
      return Promise.resolve(events.map((event) => event.issue));
    },
    requestVerification: () => {
      publisherAsked += 1;
      return Promise.resolve();
    },
    giteaNow: () => state.now,
    missed: {
      suspect: () => undefined,
      settle: (giteaNow) => {
        settled.push(giteaNow);
        return Promise.resolve(0);
      },
      recorded: () => undefined,
    },
    log: createLogger('warning', { write: (line: string) => void warnings.push(line) }),
  });
  const run = async (full: boolean) => {
    asked.length = looked.length = natives.length = 0;
    return runPass(full, signal);
  };
  const lists = { asked, looked, natives, warnings, settled };
  return { put, store, held, onGitea, state, run, ...lists, publisherAsked: () => publisherAsked };
}

test('two thousand issues are read a page at a time, each page stored before the next is asked for', async () => {
  const { put, run, asked, looked, natives } = stage();
  put(...Array.from({ length: 2_000 }, (_, index) => issue(index + 1)));
  expect(await run(true)).toMatchObject({ full: true, differences: 2_000 });
  const pages = Array.from({ length: 40 }, (_, index) => [`own open ${index + 1}`, 'add 50']);
  expect(asked).toEqual(pages.flat());
  expect(looked).toEqual([]);
  expect(natives).toHaveLength(2_000);
  expect(await run(true)).toMatchObject({ full: true, differences: 0 });
});

test('the watermark is the newest time seen, but never later than the begin of the pass', async () => {
  const { put, run, state } = stage();
  put(issue(1, { updatedAt: began - 60 * second }));
  await run(true);
  expect(state.progress.watermark).toBe(began - 60 * second);
  state.now = began + 300 * second;
  put(issue(2, { updatedAt: began + 301 * second }));
  await run(false);
  expect(state.progress.watermark).toBe(began + 295 * second);
  put(issue(1, { updatedAt: began - 3_600 * second }));
  await run(false);
  expect(state.progress.watermark).toBe(began + 295 * second);
});

test('without issues the first pass starts from its own begin, and without Gitea’s clock from nothing', async () => {
  const { run, state } = stage();
  await run(true);
  expect(state.progress.watermark).toBe(began - 5 * second);
  const clockless = stage();
  clockless.state.now = undefined;
  expect(await clockless.run(true)).toMatchObject({ full: true });
  expect(clockless.state.progress.watermark).toBeUndefined();
  // Nothing to go on from: a full pass again.
  expect(await clockless.run(false)).toMatchObject({ full: true });
});

test('more changes than may be listed make the pass a full one', async () => {
  const progress = { watermark: began - 7_200 * second, othersUpTo: undefined };
  const { put, run, asked } = stage({ progress });
  put(...Array.from({ length: 5_100 }, (_, index) => issue(index + 1, { assignees: [] })));
  put(issue(5_101));
  expect(await run(false)).toMatchObject({ full: true, differences: 1 });
  expect(asked.filter((each) => each.includes('since'))).toHaveLength(100);
  expect(asked).toContain('own open 1');
});

test('between full passes dependencies are read of what moved, and of forty others in turn', async () => {
  const progress = { watermark: began - 60 * second, othersUpTo: undefined };
  const { put, store, run, natives, state, publisherAsked } = stage({ progress });
  for (let number = 1; number <= 450; number += 1) {
    put(issue(number));
    store(issue(number));
  }
  // Moved without differing: its dependencies may be other ones.
  put(issue(440, { updatedAt: began }));
  state.giteaDependenciesDiffer = (each) => each.number === 440;
  expect(await run(false)).toMatchObject({ full: false, differences: 1 });
  expect(natives).toHaveLength(41);
  state.giteaDependenciesDiffer = () => false;
  for (let pass = 2; pass <= 11; pass += 1) await run(false);
  expect(natives.at(-1)).toBe(440);
  await run(false);
  expect(natives).toHaveLength(10);
  await run(false);
  expect(natives).toHaveLength(40);
  expect(publisherAsked()).toBe(0);
  await run(true);
  expect(natives).toHaveLength(450);
  expect(publisherAsked()).toBe(1);
});

test('right after Gitea was away nothing is judged as missed: its webhooks are on their way', async () => {
  const { run, state, settled } = stage();
  await run(true);
  state.isDown = true;
  await expect(run(false)).rejects.toThrow('down');
  await expect(run(false)).rejects.toThrow('down');
  state.isDown = false;
  await run(false);
  await run(false);
  expect(settled).toEqual([began, undefined, began]);
});

test('what moved without differing has its dependencies read once, however long it is listed', async () => {
  const progress = { watermark: began - 60 * second, othersUpTo: undefined };
  const { put, store, run, natives, state } = stage({ progress });
  for (let number = 1; number <= 900; number += 1) {
    put(issue(number, { updatedAt: began - (number % 100) * second }));
    store(issue(number));
  }
  const counts: number[] = [];
  for (let pass = 0; pass < 4; pass += 1) {
    state.now = began + (pass + 1) * 10 * second;
    await run(false);
    counts.push(natives.length);
  }
  expect(counts).toEqual([900, 40, 40, 40]);
  // Moved again, and in that very second something else may be on its way.
  put(issue(5, { updatedAt: began + 60 * second }));
  state.now = began + 61 * second;
  await run(false);
  expect(natives).toContain(5);
  await run(false);
  expect(natives).toContain(5);
});

test('closed and foreign issues are looked at in turn, a hundred in each full pass', async () => {
  const { put, store, run, looked, held } = stage();
  for (let number = 1; number <= 250; number += 1) {
    put(issue(number, { open: false }));
    store(issue(number, { open: false }));
  }
  const rounds: number[] = [];
  for (let pass = 0; pass < 4; pass += 1) {
    await run(true);
    rounds.push(looked.length);
  }
  expect(rounds).toEqual([100, 100, 50, 100]);
  expect(held.size).toBe(250);
});
