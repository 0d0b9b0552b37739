import { ofIssue } from '../../../db/key-filter.ts';
import { isoTime } from '../../../issue/iso-time.ts';
import type { Happening, TimelineDeps } from './happening.ts';

/** What the service wrote to Gitea, and what became of its pull request. */
export async function readWritten(deps: TimelineDeps): Promise<Happening[]> {
  return [...(await readComment(deps)), ...(await readPullRequest(deps))];
}

/** Our comment and label; each is one that changes, so that the last time is all there is. */
async function readComment({ db, issue, commentUrl }: TimelineDeps): Promise<Happening[]> {
  const row = await db
    .selectFrom('publications')
    .select(['comment_id', 'comment_at', 'label', 'label_at'])
    .where(ofIssue(issue))
    .executeTakeFirst();
  const found: Happening[] = [];
  if (row?.comment_at != null && row.comment_id !== null) {
    const link = { to: commentUrl(row.comment_id), name: 'comment' };
    found.push({ at: isoTime(row.comment_at), what: 'Our comment was written last.', link });
  }
  if (row?.label_at != null) {
    const what = row.label === null ? 'Our label was taken off.' : `Our label is ${row.label}.`;
    found.push({ at: isoTime(row.label_at), what });
  }
  return found;
}

async function readPullRequest({ db, issue, pullUrl }: TimelineDeps): Promise<Happening[]> {
  const row = await db
    .selectFrom('pull_requests')
    .select(['pull_number', 'state', 'seen_at', 'opened_at', 'ended_at'])
    .where(ofIssue(issue))
    .executeTakeFirst();
  if (row === undefined || row.pull_number === null) return [];
  const { pull_number: pull, state, seen_at, opened_at, ended_at } = row;
  const to = pullUrl(pull);
  const link = to === undefined ? undefined : { to, name: `pull request ${pull}` };
  const found: Happening[] = [];
  if (opened_at !== null)
    found.push({ at: isoTime(opened_at), what: 'Its pull request was opened.', link });
  if (seen_at > 0)
    found.push({ at: isoTime(seen_at), what: 'The newest review that was read.', link });
  if (ended_at !== null && state !== 'open') {
    const how = state === 'merged' ? 'was merged' : 'was closed without a merge';
    found.push({ at: isoTime(ended_at), what: `Its pull request ${how}.`, link });
  }
  return found;
}
