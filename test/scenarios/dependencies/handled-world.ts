import { storeUpdate } from '../../../src/handling/commit-update.ts';
import { findFacts } from '../../../src/plans/stored-facts.ts';
import { handleIssue } from '../../../src/handling/handle-issue.ts';
import { createGiteaState } from '../../../src/handling/gitea-state.ts';
import { reasonText, parseStateReason } from '../../../src/issue/reasons.ts';
import { builtInAgents } from '../../../src/planning/built-in-agents.ts';
import type { IssueEvent, IssueSnapshot } from '../../../src/issue/event.ts';
import { refreshEvent } from '../../../src/issue/facts.ts';
import { readOffline } from '../../../src/reading/offline-reading.ts';
import { formatRef, parseRef, type IssueKey, type IssueRef } from '../../../src/issue/ref.ts';
import { findGiteaDependencies, findDisagreeing } from '../../../src/plans/gitea-edges.ts';
import { openScratch } from '../../support/database.ts';

export interface WorldIssue {
  readonly open: boolean;
  readonly assigned: boolean;
  readonly body: string;
  /** Blockers set on Gitea that the bot may not read. */
  readonly hidden: number;
}

/** Repositories for which Gitea does not answer normally. */
export interface Oddities {
  /** Repositories that the bot may not read. */
  readonly unreadable?: readonly string[];
  /** Repositories in which dependencies are switched off. */
  readonly off?: readonly string[];
}

/** State of Gitea: issues by reference, and pairs "the first waits for the second". */
export interface World extends Oddities {
  readonly issues: ReadonlyMap<string, WorldIssue>;
  readonly pairs: readonly (readonly [string, string])[];
}

export const worldRepositories = ['acme/orbit', 'acme/lib'];
export const worldTime = Date.parse('2026-11-23T12:00:00Z');
const { signal } = new AbortController();

/** A store whose issues are handled, without a service, with the word of a Gitea that can be replaced. */
export async function openWorld(world: World) {
  const db = await openScratch();
  let present = world;
  const queue: IssueEvent[] = [];
  const snapshot = (ref: string): IssueSnapshot | undefined => {
    const issue = present.issues.get(ref);
    const parsed = parseRef(ref);
    if (issue === undefined || parsed === undefined) return undefined;
    return {
      ...parsed,
      ...{ repositoryId: worldRepositories.indexOf(parsed.repository) + 1, title: ref },
      ...{ body: issue.body, bodyCut: false, open: issue.open, labels: [] },
      ...{ assignees: issue.assigned ? ['bot'] : [], updatedAt: worldTime },
    };
  };
  const asked: string[] = [];
  const cannotRead = (name: string) => present.unreadable?.includes(name) === true;
  function listed(ref: IssueRef, own: 0 | 1, hidden: number) {
    if (cannotRead(ref.repository) || present.off?.includes(ref.repository) === true)
      return Promise.resolve({ kind: 'missing' as const });
    const issues = present.pairs
      .filter((pair) => pair[own] === formatRef(ref))
      .flatMap((pair) => snapshot(pair[own === 0 ? 1 : 0]) ?? []);
    return Promise.resolve({ kind: 'ok' as const, value: { issues, hidden } });
  }
  const findKnown = (issue: IssueKey) => findFacts(db, issue);
  const giteaState = createGiteaState({
    // No snapshot is of the future.
    now: () => Infinity,
    getIssue: (ref) => {
      asked.push(formatRef(ref));
      const value = cannotRead(ref.repository) ? undefined : snapshot(formatRef(ref));
      return Promise.resolve(value === undefined ? { kind: 'missing' } : { kind: 'ok', value });
    },
    getRepository: (idOrName) => {
      const name =
        typeof idOrName === 'number' ? (worldRepositories[idOrName - 1] ?? '') : idOrName;
      if (cannotRead(name)) return Promise.resolve({ kind: 'missing' });
      return Promise.resolve({
        kind: 'ok',
        value: { id: worldRepositories.indexOf(name) + 1, name, hasIssues: true },
      });
    },
    findFacts: findKnown,
    findGiteaDependencies: (issue) => findGiteaDependencies(db, issue),
    listDependencies: (ref) => listed(ref, 0, present.issues.get(formatRef(ref))?.hidden ?? 0),
    listBlocks: (ref) => listed(ref, 1, 0),
    listReferringPulls: () => Promise.resolve({ kind: 'ok', value: [] }),
  });
  const deps = {
    findFacts: findKnown,
    read: (issue: Parameters<typeof readOffline>[0]) =>
      Promise.resolve(
        readOffline(
          issue,
          builtInAgents.map(({ name }) => name),
        ),
      ),
    agents: builtInAgents,
    bot: () => Promise.resolve('bot'),
    giteaState,
  };

  async function handleOne(event: IssueEvent): Promise<void> {
    const { update, refreshes } = await handleIssue(event.issue, [event], deps, signal);
    await db.transaction().execute(async (transaction) => {
      await storeUpdate(transaction, update, worldTime);
      queue.push(...refreshes);
      for (const issue of await findDisagreeing(transaction, update)) {
        const known = await findFacts(transaction, issue);
        if (known !== undefined) queue.push(refreshEvent(known));
      }
    });
  }

  /** Handles an issue and all that is to be looked at because of it; returns how many were handled. */
  async function handle(ref: string): Promise<number> {
    const issue = snapshot(ref);
    if (issue !== undefined) queue.push({ kind: 'refreshed', issue });
    let handled = 0;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await handleOne(next);
      handled += 1;
      if (handled > 1_000) throw new Error('the refreshes do not end');
    }
    return handled;
  }

  async function stateOf(ref: string): Promise<string> {
    const { repositoryId, number } = snapshot(ref) ?? { repositoryId: 0, number: 0 };
    const row = await db
      .selectFrom('issues')
      .select(['state', 'reason_code', 'reason_params'])
      .where('repository_id', '=', repositoryId)
      .where('number', '=', number)
      .executeTakeFirst();
    if (row === undefined) return 'unknown';
    const { state, reason_code: code, reason_params: params } = row;
    return `${state} (${code}): ${reasonText(parseStateReason(code, params))}`;
  }

  return {
    db,
    giteaState,
    /** Issues that were asked for one by one. */
    asked,
    handle,
    stateOf,
    become: (next: World) => {
      present = next;
    },
    close: () => db.destroy(),
  };
}
