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
  readonly maxRequests: number;
  /** Called with each page, one at a time: no more than one is in memory. */
  readonly visit: (issues: readonly IssueSnapshot[]) => Promise<void>;
  /** Called for a position in the list whose issue is larger than any answer may be. */
  readonly onOversized: (position: number) => void;
}

export interface SearchEnd {
  /** The list changed while it was read: an issue may have moved from an unread page to a read one. */
  readonly shifted: boolean;
  /** There are more pages than the maximum of requests. */
  readonly cutOff: boolean;
}

/** Default of Gitea's `[api] MAX_RESPONSE_ITEMS`. */
const maxPageSize = 50;

/**
 * Reads a search of Gitea page by page. Gitea 1.25.4 (routers/api/v1/repo/issue.go `SearchIssues`, and
 * tried on a running one):
 * - answers from the database, not from the lagging index, as long as there is no `q`
 *   (modules/indexer/issues/indexer.go `SearchIssues`);
 * - always lists the newest created first, and ignores `sort` and `order`. An issue that leaves the list
 *   moves all older ones up by one, and the first of the next page onto a page already read;
 * - counts all pages in X-Total-Count; a page past the end is empty;
 * - leaves out repositories that the token cannot read, in rows and count; includes everybody's public
 *   ones, archived ones, and ones with issues switched off;
 * - takes `since` as inclusive, in whole seconds.
 */
export async function walkSearch(walk: Walk, signal: AbortSignal): Promise<SearchEnd> {
  const { search, ask, visit, onOversized } = walk;
  const seen = new Set<string>();
  let sizes = partsOf(maxPageSize);
  let ceiling = maxPageSize;
  let position = 0;
  let total: number | undefined;
  let shifted = false;
  /** Rows that count in the total, but do not come as issues. */
  let unread = 0;
  const ended = () => ({ shifted: shifted || seen.size + unread < (total ?? 0), cutOff: false });
  for (let request = 0; request < walk.maxRequests; request += 1) {
    const limit = sizes.find((size) => size <= ceiling && position % size === 0) ?? 1;
    const asked = { ...search, page: position / limit + 1, limit };
    const page = await pageOrOversized(() => ask(asked, signal));
    if (page === 'oversized') {
      ceiling = limit - 1;
      if (limit > 1) continue;
      onOversized(position);
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
      // Fewer rows than asked for: this Gitea has a smaller limit.
      if (position === 0 && page.count < limit) sizes = partsOf(page.count);
    }
    position += position === 0 && page !== 'oversized' ? Math.min(limit, page.count) : limit;
    ceiling = maxPageSize;
    if (total !== undefined && position >= total) return ended();
  }
  return { shifted, cutOff: true };
}

/** Page sizes, each a divisor of the one before: a page too large for one answer is read in parts. */
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
