import { refreshEvent, type IssueFacts } from '../issue/facts.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import type { StoredIssue } from './difference.ts';
import { addEvents, findDifferences, forEachStored, isPlanned, type Pass } from './pass-state.ts';
import type { StoredList } from './rows.ts';

/** Stored issues read at once. */
const listLimit = 200;
/** The bot's open issues whose dependencies an incremental pass reads. */
const dependenciesPerPass = 40;
/** Closed and foreign issues that a full pass refreshes, in turn: nothing else shows that one was deleted. */
const othersPerPass = 100;
/** Maximum of foreign blockers that a full pass refreshes. */
const maxBlockers = 5_000;
/** Maximum of moved issues remembered: the rows of an incremental listing (100 pages of 50). */
const maxRemembered = 5_000;
/** Error of the Date header: it has whole seconds, and the answer took its time. */
export const clockErrorMs = 5_000;

/** Refreshes the bot's open issues that were not listed, and compares the dependencies of all of them. */
export async function checkOpen(pass: Pass): Promise<void> {
  for await (const some of inOrder(pass, 'open'))
    await forEachStored(pass, some, async (stored) => {
      if (!pass.seen.has(keyOf(stored))) await refreshStored(pass, stored);
      await checkDependencies(pass, stored);
    });
}

/** Refreshes blockers that were not listed; closed ones only if the listing of changes is incomplete. */
export async function checkBlockers(pass: Pass, { openOnly = false }): Promise<void> {
  let refreshed = 0;
  for await (const some of inOrder(pass, 'blockers')) {
    const unseen = some.filter(
      (stored) => !pass.seen.has(keyOf(stored)) && (stored.open || !openOnly),
    );
    refreshed += unseen.length;
    await forEachStored(pass, unseen, (stored) => refreshStored(pass, stored));
    if (refreshed >= maxBlockers) return;
  }
}

/** Refreshes some of the other issues; returns the last of them, undefined at the end of a round. */
export async function checkOthers(
  pass: Pass,
  after: IssueKey | undefined,
): Promise<IssueKey | undefined> {
  const some = await pass.deps.store.list('others', after, othersPerPass);
  const unseen = some.filter((stored) => !pass.seen.has(keyOf(stored)));
  await forEachStored(pass, unseen, (stored) => refreshStored(pass, stored));
  return some.length < othersPerPass ? undefined : some.at(-1);
}

/** Between full passes: compares the dependencies of moved issues, and of some others in turn. */
export async function checkSomeDependencies(
  pass: Pass,
  after: IssueKey | undefined,
): Promise<IssueKey | undefined> {
  const { deps, moved } = pass;
  if (deps.giteaDependenciesDiffer === undefined) return undefined;
  const some = await deps.store.list('open', after, dependenciesPerPass);
  const others = some.filter((stored) => !moved.has(keyOf(stored)));
  const both = [...[...moved.values()].map(({ stored }) => stored), ...others];
  await forEachStored(pass, both, async (stored) => {
    await checkDependencies(pass, stored);
    const updatedAt = moved.get(keyOf(stored))?.updatedAt;
    if (updatedAt !== undefined) rememberRead(pass, stored, updatedAt);
  });
  return some.length < dependenciesPerPass ? undefined : some.at(-1);
}

async function checkDependencies(pass: Pass, stored: StoredIssue): Promise<void> {
  const { deps, unreadable, signal } = pass;
  if (stored.unreadable || unreadable.has(stored.repositoryId)) return;
  if ((await deps.giteaDependenciesDiffer?.(stored, signal)) !== true) return;
  // An unreadable issue seems to have no dependencies.
  await refreshStored(pass, stored);
  if (!unreadable.has(stored.repositoryId)) await addEvents(pass, [refreshEvent(factsOf(stored))]);
}

/** Reads one issue from Gitea, and puts it into the inbox if it is not as stored. */
export async function refreshStored(pass: Pass, stored: StoredIssue): Promise<void> {
  const { deps, seen, unreadable, signal } = pass;
  seen.add(keyOf(stored));
  const { facts, confirmed } = unreadable.has(stored.repositoryId)
    ? { facts: undefined, confirmed: false }
    : await deps.currentFacts(factsOf(stored), signal);
  if (facts === undefined || !confirmed) {
    unreadable.add(stored.repositoryId);
    // Its plan must say so, once.
    if (isPlanned(stored) && !stored.unreadable)
      await addEvents(pass, [refreshEvent(factsOf(stored))]);
  } else if (facts.deleted) {
    if (!stored.deleted) await addEvents(pass, [refreshEvent(factsOf(stored))]);
  } else {
    const issue = { ...facts, assignees: [...facts.assignees], labels: [...facts.labels] };
    const [withText] = await deps.store.find([stored]);
    if (findDifferences(pass, withText, issue).length > 0)
      await addEvents(pass, [{ kind: 'refreshed', issue }]);
  }
}

/** Whether an issue changed on Gitea since it was stored and since its dependencies were last read. */
export function hasMoved({ memory }: Pass, stored: StoredIssue, updatedAt: number): boolean {
  return (
    stored.updatedAt !== updatedAt && memory.dependenciesReadAt.get(keyOf(stored)) !== updatedAt
  );
}

/** `since` is inclusive: the newest issue returns in every pass. It counts as read once its second has passed on Gitea's clock. */
function rememberRead({ deps, memory }: Pass, stored: StoredIssue, updatedAt: number): void {
  const giteaNow = deps.giteaNow();
  if (giteaNow === undefined || giteaNow - updatedAt < clockErrorMs) return;
  const { dependenciesReadAt } = memory;
  dependenciesReadAt.delete(keyOf(stored));
  dependenciesReadAt.set(keyOf(stored), updatedAt);
  const [oldest] = dependenciesReadAt.keys();
  if (dependenciesReadAt.size > maxRemembered && oldest !== undefined)
    dependenciesReadAt.delete(oldest);
}

/** A list from the store, part by part. */
async function* inOrder({ deps }: Pass, which: StoredList): AsyncGenerator<readonly StoredIssue[]> {
  let after: IssueKey | undefined;
  for (;;) {
    const some = await deps.store.list(which, after, listLimit);
    if (some.length === 0) return;
    yield some;
    after = some.at(-1);
  }
}

/** Facts for a refresh: dated before the stored snapshot, they change nothing by themselves. */
export function factsOf(stored: StoredIssue): IssueFacts {
  const { repositoryId, repository, number, title, open, merged, deleted, labels, updatedAt } =
    stored;
  const address = { repositoryId, repository, number };
  const content = { title, body: '', bodyCut: false, open, merged, deleted, assignees: [], labels };
  return { ...address, ...content, updatedAt: updatedAt - 1, labelsUpdatedAt: updatedAt - 1 };
}
