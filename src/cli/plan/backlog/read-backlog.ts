import type { Gitea } from '../../../gitea/client.ts';
import type { BacklogCalls } from './patient-gitea.ts';
import type { IssueAddress } from '../../../gitea/address.ts';
import type { IssueFilter, LinkedIssues } from '../../../gitea/issues.ts';
import type { ReadResult } from '../../../gitea/replies.ts';
import type { ResolveLookups } from '../../../gitea/resolve-issue.ts';
import type { GiteaRepository } from '../../../gitea/schemas.ts';
import { CoordinatorError } from '../../../errors.ts';
import { codesIn, codesOfTitle, numbersIn, type KnownCodes } from '../../../issue/codes.ts';
import type { IssueSnapshot } from '../../../issue/event.ts';
import { formatRef, keyOf, type IssueKey, type IssueRef } from '../../../issue/ref.ts';

/** Maximum of issues that are read; the newest count. */
export const maxIssues = 2_000;
/** Maximum of issues outside the list that Gitea is asked about; the state of others stays unknown. */
const maxLookups = 2_000;
/** Maximum of pages in a row without a new issue: a server may list pull requests, too, or show a page twice. */
const maxStalePages = 20;
/** Maximum of codes and numbers of one text that are looked up. */
const maxNamed = 500;

/** The issues of a repository as Gitea lists them, by number. */
export interface ListedBacklog {
  readonly repository: GiteaRepository;
  readonly issues: readonly IssueSnapshot[];
  /** There are more issues than are read. */
  readonly cut: boolean;
}

/** Calls of Gitea that are counted; each answer is asked for once. */
export type BacklogSource = ReturnType<typeof createBacklogSource>;

/**
 * Reads a repository and nothing but that: every call is a GET. Throws `TryAgainLater` when Gitea does not answer, and
 * `repository_unreadable`, `issues_off`, `assignee_unknown` or `pages_repeat`.
 */
export function createBacklogSource(gitea: BacklogCalls) {
  let calls = 0;
  let lookups = 0;
  /** Every issue and pull request that was seen, by its name in lower case. */
  const seen = new Map<string, IssueSnapshot>();
  const asked = new Map<string, ReturnType<ResolveLookups['getIssue']>>();
  const repositories = new Map<string, ReturnType<Gitea['getRepository']>>();
  const blockers = new Map<string, LinkedIssues>();
  /** What each issue blocks, by the pages of those. */
  const blocked = new Map<string, IssueSnapshot[]>();

  function note(issue: IssueSnapshot): void {
    seen.set(nameOf(issue), issue);
  }

  function getRepository(idOrName: number | string, signal: AbortSignal) {
    const key = String(idOrName).toLowerCase();
    const known = repositories.get(key);
    if (known !== undefined) return known;
    calls += 1;
    const answer = gitea.getRepository(idOrName, signal);
    repositories.set(key, answer);
    return answer;
  }

  /** The repository of this name, or of the one that it was renamed to; undefined: Gitea does not show it. */
  async function findRepository(name: string, signal: AbortSignal) {
    const first = await getRepository(name, signal);
    const found =
      first.kind === 'moved' && first.to !== undefined
        ? await getRepository(first.to, signal)
        : first;
    if (found.kind !== 'ok') return undefined;
    // Also by its id, which Gitea tells nobody without a token.
    repositories.set(String(found.value.id), Promise.resolve(found));
    return found.value;
  }

  /** Lists the issues; `onPage` gets the number of those found so far. */
  async function list(
    repository: GiteaRepository,
    filter: IssueFilter,
    { onPage, signal }: { readonly onPage: (found: number) => void; readonly signal: AbortSignal },
  ): Promise<ListedBacklog> {
    // Pages shift while issues are opened: one may come twice.
    const found = new Map<number, IssueSnapshot>();
    const address = { repositoryId: repository.id, repository: repository.name };
    let stale = 0;
    // No server gives less than one row a page.
    for (let page = 1; page <= maxIssues + 1 && found.size <= maxIssues; page += 1) {
      calls += 1;
      const reply = await gitea.listIssues(address, { ...filter, page }, signal);
      if (reply.kind === 'missing')
        throw page === 1 ? unlisted(repository, filter) : gone(repository);
      const before = found.size;
      for (const issue of reply.value.issues) found.set(issue.number, issue);
      onPage(Math.min(found.size, maxIssues));
      if (reply.value.rows === 0) break;
      stale = found.size === before ? stale + 1 : 0;
      if (stale === maxStalePages) throw repeating(repository);
    }
    const newest = [...found.values()].slice(0, maxIssues);
    newest.forEach(note);
    const issues = newest.toSorted((a, b) => a.number - b.number);
    return { repository, issues, cut: found.size > maxIssues };
  }

  /** An issue, from the list or by a call of its own. */
  function getIssue(ref: IssueRef, signal: AbortSignal): ReturnType<ResolveLookups['getIssue']> {
    const key = formatRef(ref).toLowerCase();
    const known = seen.get(key);
    if (known !== undefined) return Promise.resolve({ kind: 'ok', value: known });
    const before = asked.get(key);
    if (before !== undefined) return before;
    if (lookups >= maxLookups) return Promise.resolve({ kind: 'missing' });
    lookups += 1;
    calls += 1;
    const answer = gitea.getIssue(ref, signal).then((result) => {
      if (result.kind === 'ok') note(result.value);
      return result;
    });
    asked.set(key, answer);
    return answer;
  }

  /** Reads the blockers that are set on the page of an issue. */
  async function readBlockers(issue: IssueSnapshot, signal: AbortSignal): Promise<void> {
    calls += 1;
    const reply = await gitea.listDependencies(issue, signal);
    if (reply.kind === 'missing') return;
    blockers.set(keyOf(issue), reply.value);
    for (const blocker of reply.value.issues) {
      if (!seen.has(nameOf(blocker))) note(blocker);
      blocked.set(keyOf(blocker), [...(blocked.get(keyOf(blocker)) ?? []), issue]);
    }
  }

  return {
    ...{ findRepository, getRepository, list, getIssue, readBlockers },
    /** What `readBlockers` found. */
    listDependencies: ({ repositoryId, number }: IssueAddress) =>
      ok(blockers.get(keyOf({ repositoryId, number })) ?? noIssues),
    /** The other side of the same: the pages of the issues that this one blocks have been read. */
    listBlocks: ({ repositoryId, number }: IssueAddress) =>
      ok({ issues: blocked.get(keyOf({ repositoryId, number })) ?? [], hidden: 0 }),
    seen: (ref: string): IssueSnapshot | undefined => seen.get(ref.toLowerCase()),
    hiddenBlockers: (issue: IssueKey) => blockers.get(keyOf(issue))?.hidden ?? 0,
    calls: () => calls,
    cutLookups: () => lookups >= maxLookups,
  };
}

const noIssues: LinkedIssues = { issues: [], hidden: 0 };

function ok(value: LinkedIssues): Promise<ReadResult<LinkedIssues>> {
  return Promise.resolve({ kind: 'ok', value });
}

function nameOf(issue: IssueRef): string {
  return formatRef(issue).toLowerCase();
}

function unlisted({ name }: GiteaRepository, { assignee }: IssueFilter): CoordinatorError {
  if (assignee === undefined)
    return new CoordinatorError(
      'issues_off',
      `Gitea does not show the issues of ${name}: switch them on in its settings, or use a token of somebody who may read them.`,
    );
  return new CoordinatorError(
    'assignee_unknown',
    `Gitea knows nobody named ${assignee}: correct --assignee, which is a login.`,
  );
}

function gone({ name }: GiteaRepository): CoordinatorError {
  return new CoordinatorError(
    'repository_unreadable',
    `Gitea stopped showing the issues of ${name} while they were read: run it again.`,
  );
}

function repeating({ name }: GiteaRepository): CoordinatorError {
  return new CoordinatorError(
    'pages_repeat',
    `Gitea lists the same issues of ${name} again and again: a proxy or cache in front of it must not leave out the query of an address.`,
  );
}

/** Finds the listed issues that the codes of a text name, as the service finds them among the stored ones. */
export function createCodeIndex(issues: readonly IssueSnapshot[]) {
  const listed = new Set(issues.map(({ number }) => number));
  const carriers = new Map<string, number[]>();
  for (const { number, title } of issues)
    for (const code of codesOfTitle(title, maxNamed))
      carriers.set(code, [...(carriers.get(code) ?? []), number]);
  return ({ number, title, body }: IssueSnapshot): KnownCodes | undefined => {
    const text = `${title}\n${body}`;
    const all = codesIn(text, maxNamed);
    if (all.length === 0) return undefined;
    const codes = all.filter((code) => carriers.has(code));
    const named = numbersIn(text, maxNamed).filter((other) => listed.has(other));
    return {
      carriers: new Map(codes.map((code) => [code, carriers.get(code) ?? []])),
      titled: new Set([number, ...named]),
    };
  };
}
