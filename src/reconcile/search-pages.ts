import { TryAgainLater } from '../errors.ts';
import type { IssuePage, IssueSearch } from '../gitea/search.ts';
import type { IssueSnapshot } from '../issue/event.ts';
import { keyOf } from '../issue/ref.ts';

export type Search = Omit<IssueSearch, 'page' | 'limit'>;

export type SearchPage = Pick<IssuePage, 'issues' | 'count' | 'total'>;

export type AskPage = (
  search: Search & { readonly page: number; readonly limit: number },
  signal: AbortSignal,
) => Promise<SearchPage>;

export interface Walk {
  readonly search: Search;
  readonly ask: AskPage;
  readonly mostRequests: number;
  /** Called with each page, one at a time: no more than one is in memory. */
  readonly visit: (issues: readonly IssueSnapshot[]) => Promise<void>;
  /** A place in the list whose issue is larger than any answer may be. */
  readonly skipped: (position: number) => void;
}

export interface Walked {
  /** Something came or went while the pages were read, so that one may have slipped from page to page. */
  readonly shifted: boolean;
  /** There are more pages than may be asked for. */
  readonly cutOff: boolean;
}

/** What Gitea gives at most unless `[api] MAX_RESPONSE_ITEMS` says otherwise. */
const largestPage = 50;

/**
 * Reads a search of Gitea page by page. What Gitea 1.25.4 does (routers/api/v1/repo/issue.go
 * `SearchIssues`, and tried on a running one):
 * - the database answers, not the lagging index, as long as there is no `q` (modules/indexer/issues/
 *   indexer.go `SearchIssues`);
 * - newest created first, always: `sort` and `order` are not looked at. So an issue that leaves the list
 *   moves all older ones up by one, and the first of the next page onto a page already read;
 * - X-Total-Count counts all pages; a page past the end is empty;
 * - rows and count leave out repositories that the token cannot read; public ones of anybody, archived
 *   ones, and ones with issues switched off are in;
 * - `since` is inclusive and compares whole seconds.
 */
export async function walkSearch(walk: Walk, signal: AbortSignal): Promise<Walked> {
  const { search, ask, visit, skipped } = walk;
  const seen = new Set<string>();
  let sizes = partsOf(largestPage);
  let ceiling = largestPage;
  let position = 0;
  let total: number | undefined;
  let shifted = false;
  /** Rows that are counted, but do not come as issues. */
  let unread = 0;
  const ended = () => ({ shifted: shifted || seen.size + unread < (total ?? 0), cutOff: false });
  for (let request = 0; request < walk.mostRequests; request += 1) {
    const limit = sizes.find((size) => size <= ceiling && position % size === 0) ?? 1;
    const asked = { ...search, page: position / limit + 1, limit };
    const page = await pageOrOversized(() => ask(asked, signal));
    if (page === 'oversized') {
      ceiling = limit - 1;
      if (limit > 1) continue;
      skipped(position);
      unread += 1;
    } else {
      if (page.count === 0) return ended();
      shifted ||= total !== undefined && page.total !== total;
      total = page.total;
      unread += page.count - page.issues.length;
      for (const issue of page.issues) {
        shifted ||= seen.has(keyOf(issue));
        seen.add(keyOf(issue));
      }
      await visit(page.issues);
      // Less than was asked for, and not the end: this Gitea has a limit of its own.
      if (position === 0 && page.count < limit) sizes = partsOf(page.count);
    }
    position += position === 0 && page !== 'oversized' ? Math.min(limit, page.count) : limit;
    ceiling = largestPage;
    if (total !== undefined && position >= total) return ended();
  }
  return { shifted, cutOff: true };
}

/** Each a part of the one before, so that a page too large for one answer can be read in pieces. */
function partsOf(size: number): number[] {
  if (size <= 1) return [1];
  let factor = 2;
  while (size % factor !== 0) factor += 1;
  return [size, ...partsOf(size / factor)];
}

async function pageOrOversized(ask: () => Promise<SearchPage>): Promise<SearchPage | 'oversized'> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof TryAgainLater && error.code === 'gitea_oversized') return 'oversized';
    throw error;
  }
}
