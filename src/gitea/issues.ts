import { keyOf } from '../issue/ref.ts';
import type { IssueSnapshot } from '../issue/event.ts';
import type { IssueAddress, RepositoryAddress } from './address.ts';
import type { Calls } from './calls.ts';
import type { Lookups } from './lookups.ts';
import { pageLimit, readPages } from './pages.ts';
import type { ReadResult } from './replies.ts';
import { resolveIssue } from './resolve-issue.ts';
import { issueListSchema, linkedIssuesSchema, pullReferencesSchema } from './schemas.ts';

export interface LinkedIssues {
  readonly issues: readonly IssueSnapshot[];
  /** Number of further issues, which the token may not read. */
  readonly hidden: number;
}

export interface IssueFilter {
  readonly state: 'open' | 'closed' | 'all';
  /** Login; Gitea answers as for a missing repository when nobody has it. */
  readonly assignee?: string | undefined;
}

const maxLinkedPages = 10;
const maxTimelinePages = 5;

/** Calls about one issue. */
export function createIssueCalls(lookups: Lookups, { read }: Calls) {
  /** The address of an issue under its repository's present name, sure to be in that repository. */
  async function locate(
    address: IssueAddress,
    signal: AbortSignal,
  ): Promise<ReadResult<IssueAddress>> {
    const resolved = await resolveIssue(lookups, address, signal);
    if (resolved.kind !== 'found') return { kind: 'missing' };
    return { kind: 'ok', value: { ...address, repository: resolved.issue.repository } };
  }

  /** A page of the issues of a repository, the newest first; pull requests are left out. No `rows`: the end. */
  function listIssues(
    repository: RepositoryAddress,
    { state, assignee, page }: IssueFilter & { readonly page: number },
    signal: AbortSignal,
  ) {
    const query = new URLSearchParams({ type: 'issues', state, limit: String(pageLimit) });
    query.set('page', String(page));
    if (assignee !== undefined) query.set('assigned_by', assignee);
    const call = { path: `/issues?${query.toString()}`, schema: issueListSchema('issues') };
    return read(repository, call, signal);
  }

  /** Issues that block an issue, closed ones included; missing also while dependencies are switched off. */
  function listDependencies(address: IssueAddress, signal: AbortSignal) {
    return listLinked(address, 'dependencies', signal);
  }

  /** Issues that an issue blocks. */
  function listBlocks(address: IssueAddress, signal: AbortSignal) {
    return listLinked(address, 'blocks', signal);
  }

  async function listLinked(
    address: IssueAddress,
    direction: 'dependencies' | 'blocks',
    signal: AbortSignal,
  ): Promise<ReadResult<LinkedIssues>> {
    const result = await readPages(maxLinkedPages, (query) =>
      read(address, { path: `/${direction}?${query}`, schema: linkedIssuesSchema }, signal),
    );
    if (result.kind === 'missing') return result;
    const readable = result.value.filter((issue) => issue !== undefined);
    // A row can come on two pages when one before it was removed in between.
    const issues = new Map(readable.map((issue) => [keyOf(issue), issue]));
    const hidden = result.value.length - readable.length;
    return { kind: 'ok', value: { issues: [...issues.values()], hidden } };
  }

  /** Pull requests whose title or text refers to an issue, by the first pages of its timeline. */
  async function listReferringPulls(
    address: IssueAddress,
    signal: AbortSignal,
  ): Promise<ReadResult<readonly IssueSnapshot[]>> {
    const pulls = new Map<string, IssueSnapshot>();
    for (let page = 1; page <= maxTimelinePages; page += 1) {
      const path = `/timeline?page=${page}&limit=${pageLimit}`;
      const call = { path, schema: pullReferencesSchema, accepts500: true };
      const reply = await read(address, call, signal);
      if (reply.kind === 'missing') return reply;
      for (const pull of reply.value.pulls) pulls.set(keyOf(pull), pull);
      if (reply.value.rows < pageLimit) break;
    }
    return { kind: 'ok', value: [...pulls.values()] };
  }

  return {
    ...{ listIssues, listReferringPulls, getIssue: lookups.getIssue, locate },
    ...{ listDependencies, listBlocks },
  };
}
