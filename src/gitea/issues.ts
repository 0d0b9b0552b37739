import { keyOf } from '../issue/ref.ts';
import type { IssueSnapshot } from '../issue/event.ts';
import type { IssueAddress } from './address.ts';
import type { Calls } from './calls.ts';
import type { Lookups } from './lookups.ts';
import { pageLimit, readPages } from './pages.ts';
import type { ReadResult } from './replies.ts';
import { resolveIssue } from './resolve-issue.ts';
import { linkedIssuesSchema, pullReferencesSchema } from './schemas.ts';

export interface LinkedIssues {
  readonly issues: readonly IssueSnapshot[];
  /** Number of further issues, which the token may not read. */
  readonly hidden: number;
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

  return { listReferringPulls, getIssue: lookups.getIssue, locate, listDependencies, listBlocks };
}
