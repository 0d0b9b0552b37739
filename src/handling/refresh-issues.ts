import { findFacts } from '../plans/stored-facts.ts';
import type { Database } from '../db/database.ts';
import type { Inbox } from '../inbox/inbox.ts';
import { refreshEvent } from '../issue/facts.ts';
import type { IssueKey } from '../issue/ref.ts';
import { distinctKeys } from '../plans/open-graph.ts';

/** Issues whose text is in memory at once. */
const batchSize = 100;

/** Puts a refresh of each of these stored issues into the inbox, due now. */
export async function refreshIssues(
  connection: Database,
  inbox: Pick<Inbox, 'requestRefreshes'>,
  issues: readonly IssueKey[],
): Promise<void> {
  const distinct = [...distinctKeys(issues).values()];
  for (let start = 0; start < distinct.length; start += batchSize) {
    const batch = distinct.slice(start, start + batchSize);
    const stored = await Promise.all(batch.map((issue) => findFacts(connection, issue)));
    const refreshes = stored.filter((facts) => facts !== undefined).map(refreshEvent);
    await inbox.requestRefreshes(connection, refreshes);
  }
}
