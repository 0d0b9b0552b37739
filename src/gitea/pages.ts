import type { ReadResult } from './replies.ts';

/** Gitea's default maximum of rows a page. */
export const pageLimit = 50;

/** Smallest page size that a server is assumed to have: a page with fewer rows is the last. */
const minPageLimit = 10;

/** Reads a list page by page to its end, at most `maxPages` pages. */
export async function readPages<T>(
  maxPages: number,
  readPage: (query: string) => Promise<ReadResult<readonly T[]>>,
): Promise<ReadResult<T[]>> {
  const rows: T[] = [];
  let rowsOfFirst: number | undefined;
  for (let page = 1; page <= maxPages; page += 1) {
    const reply = await readPage(`page=${page}&limit=${pageLimit}`);
    if (reply.kind === 'missing') return reply;
    rows.push(...reply.value);
    const count = reply.value.length;
    rowsOfFirst ??= count;
    // A server with a smaller limit shows it by the length of its first page.
    if (count < minPageLimit || count < rowsOfFirst) break;
  }
  return { kind: 'ok', value: rows };
}
