import type { GiteaFound } from './replies.ts';

/** The most rows that Gitea gives at a time, unless it is set otherwise. */
export const pageLimit = 50;

/** No server is set to give fewer: a page with less is the last. */
const leastLimit = 10;

/** Reads a list page by page until it ends, or until there were `most` pages. */
export async function readPages<T>(
  most: number,
  readPage: (query: string) => Promise<GiteaFound<readonly T[]>>,
): Promise<GiteaFound<T[]>> {
  const rows: T[] = [];
  let rowsOfFirst: number | undefined;
  for (let page = 1; page <= most; page += 1) {
    const reply = await readPage(`page=${page}&limit=${pageLimit}`);
    if (reply.kind === 'missing') return reply;
    rows.push(...reply.value);
    const count = reply.value.length;
    rowsOfFirst ??= count;
    // A server that gives fewer rows than asked for shows it by a first page of that length.
    if (count < leastLimit || count < rowsOfFirst) break;
  }
  return { kind: 'ok', value: rows };
}
