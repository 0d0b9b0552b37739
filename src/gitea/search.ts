import type { IssueSnapshot } from '../issue/event.ts';
import type { Lookups } from './lookups.ts';
import { pageLimit } from './pages.ts';
import { issueListSchema } from './schemas.ts';

export interface IssueSearch {
  /** Default: issues. */
  readonly type?: 'issues' | 'pulls';
  /** Only issues assigned to the user of the token; else all issues that user may see. */
  readonly assigned: boolean;
  readonly state: 'open' | 'closed' | 'all';
  /** Epoch ms: only issues changed in this second, by Gitea's clock, or later. */
  readonly since?: number | undefined;
  readonly page: number;
  /** Rows a page; Gitea may give fewer. */
  readonly limit?: number;
}

export interface IssuePage {
  /** Newest first. */
  readonly issues: readonly IssueSnapshot[];
  /** Rows on the page, filtered ones included: 0 means the end. */
  readonly count: number;
  /** Rows asked for; a server may be configured to give fewer. */
  readonly limit: number;
  /** Rows on all pages. */
  readonly total: number | undefined;
}

export function createSearchCalls({ getRequiredPage }: Lookups) {
  /** Issues of all repositories that the token may read. Pages shift while issues are created. */
  async function searchIssues(
    { type = 'issues', assigned, state, since, page, limit = pageLimit }: IssueSearch,
    signal: AbortSignal,
  ): Promise<IssuePage> {
    const query = new URLSearchParams({ type, state, limit: String(limit) });
    query.set('page', String(page));
    if (assigned) query.set('assigned', 'true');
    if (since !== undefined)
      query.set('since', new Date(since).toISOString().replace(/\.\d+Z$/, 'Z'));
    const path = `repos/issues/search?${query.toString()}`;
    const { value, total } = await getRequiredPage(path, issueListSchema(type), signal);
    return { issues: value.issues, count: value.rows, limit, total };
  }

  return { searchIssues };
}
