import type { IssueEvent, IssueSnapshot } from '../issue/event.ts';
import { isAssigned } from '../issue/facts.ts';
import { keyOf } from '../issue/ref.ts';
import { hasMoved, refreshStored } from './check-stored.ts';
import { hasWebhook } from './difference.ts';
import {
  addEvents,
  findDifferences,
  findStoredByKey,
  forEachStored,
  isPlanned,
  latest,
  type Pass,
} from './pass-state.ts';
import { walkSearch, type Search, type SearchEnd } from './search-pages.ts';

/** Maximum of requests of an incremental listing; a full pass finds what is beyond. */
const maxIncrementalRequests = 100;
/** Maximum of requests of a full listing: a hundred thousand issues. */
const maxFullRequests = 2_000;
/** Maximum of listings while the list shifts; the next pass finds what is then still missing. */
const maxListings = 3;

/** Compares all issues that changed, in any state; only the bot's and stored ones matter. */
export async function compareChanged(
  pass: Pass,
  since: number,
): Promise<Pick<SearchEnd, 'cutOff'>> {
  const search = { assigned: false, state: 'all', since } as const;
  const issues = await walk(pass, search, maxIncrementalRequests, compare);
  // Issues can wait for pull requests, for which we get no webhooks.
  const pulls = await walk(
    pass,
    { ...search, type: 'pulls' },
    maxIncrementalRequests,
    comparePulls,
  );
  return { cutOff: issues.cutOff || pulls.cutOff };
}

/** Compares the bot's open issues. */
export async function compareAssigned(pass: Pass): Promise<void> {
  const { bot, user, deps } = pass;
  // `assigned` means the token's user: the issues of another bot have to be found among all issues.
  const assigned = bot?.toLowerCase() === user.toLowerCase();
  for (let listing = 0; listing < maxListings; listing += 1) {
    const end = await walk(pass, { assigned, state: 'open' }, maxFullRequests, (_pass, issues) =>
      compare(
        pass,
        issues.filter(({ assignees }) => isAssigned(assignees, bot)),
      ),
    );
    if (end.cutOff) deps.log.warn('there are more open issues on Gitea than are listed');
    if (!end.shifted || end.cutOff) return;
  }
}

function walk(
  pass: Pass,
  search: Search,
  maxRequests: number,
  visit: (pass: Pass, issues: readonly IssueSnapshot[]) => Promise<void>,
): Promise<SearchEnd> {
  const { deps, signal } = pass;
  return walkSearch(
    {
      search,
      ask: deps.searchIssues,
      maxRequests,
      visit: (issues) => visit(pass, issues),
      onOversized: (position) =>
        deps.log.warn({ position }, 'an issue is too large to be listed, skipping it'),
    },
    signal,
  );
}

/** Compares issues just read from Gitea with the store. */
async function compare(pass: Pass, issues: readonly IssueSnapshot[]): Promise<void> {
  const { deps, seen, moved } = pass;
  const storedByKey = await findStoredByKey(pass, issues);
  const events: IssueEvent[] = [];
  for (const issue of issues) {
    pass.newest = latest(pass.newest, issue.updatedAt);
    const stored = storedByKey.get(keyOf(issue));
    const found = findDifferences(pass, stored, issue);
    if (stored !== undefined || found.length > 0) seen.add(keyOf(issue));
    if (found.some(hasWebhook))
      deps.missed.suspect({ ...issue, storedAt: stored?.updatedAt }, deps.giteaNow());
    // A listed issue is not always readable: issues may be switched off.
    if (found.join() === 'unreadable' && stored !== undefined)
      await forEachStored(pass, [stored], (each) => refreshStored(pass, each));
    else if (found.length > 0) events.push({ kind: 'refreshed', issue });
    else if (stored !== undefined && isPlanned(stored) && hasMoved(pass, stored, issue.updatedAt))
      moved.set(keyOf(stored), {
        stored: { ...stored, body: undefined },
        updatedAt: issue.updatedAt,
      });
  }
  await addEvents(pass, events);
}

async function comparePulls(pass: Pass, pulls: readonly IssueSnapshot[]): Promise<void> {
  const storedByKey = await findStoredByKey(pass, pulls);
  const differing = pulls.filter((pull) => {
    pass.newest = latest(pass.newest, pull.updatedAt);
    return findDifferences(pass, storedByKey.get(keyOf(pull)), pull).length > 0;
  });
  await addEvents(
    pass,
    differing.map((issue) => ({ kind: 'refreshed', issue })),
  );
}
