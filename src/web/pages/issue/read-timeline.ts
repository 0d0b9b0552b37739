import { ofIssue } from '../../../db/key-filter.ts';
import { isoTime } from '../../../issue/iso-time.ts';
import type { VerificationView } from '../../../verification/views.ts';
import { maxOfKind, type Happening, type TimelineDeps } from './happening.ts';
import { readClaims } from './read-claims.ts';
import { readWritten } from './read-written.ts';

export interface Timeline {
  /** The newest first. */
  readonly items: readonly Happening[];
  /** True: there is more than is shown. */
  readonly cut: boolean;
}

/** Happenings that are shown. */
const maxShown = 60;

/** What is known of the past of an issue, as far as the caller may see it. */
export async function readTimeline(deps: TimelineDeps): Promise<Timeline> {
  const { verifications } = deps;
  const kinds = [
    await readEvents(deps),
    await readReadings(deps),
    await readClaims(deps),
    verifications.slice(0, maxOfKind).flatMap(ofVerification),
    await readWritten(deps),
  ];
  const all = kinds
    .flat()
    .toSorted(({ at: one }, { at: other }) => (one < other ? 1 : one > other ? -1 : 0));
  const cut = all.length > maxShown || kinds.some(({ length }) => length >= maxOfKind);
  return { items: all.slice(0, maxShown), cut };
}

/** Kinds of events in words. */
const told: Readonly<Record<string, string>> = {
  assigned: 'It was assigned.',
  unassigned: 'It was unassigned.',
  closed: 'It was closed.',
  reopened: 'It was reopened.',
  opened: 'It was opened.',
  edited: 'Its text was edited.',
  deleted: 'It was deleted.',
  labelled: 'Its labels were changed.',
  milestoned: 'Its milestone was changed.',
  commented: 'Somebody commented.',
  refreshed: 'It was read again from Gitea.',
};

/** What Gitea told. How the delivery went, and its page, are for operators alone. */
async function readEvents({ db, caller, issue }: TimelineDeps): Promise<Happening[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['id', 'kind', 'status', 'received_at', 'attempts', 'error'])
    .where('repository_id', '=', issue.repositoryId)
    .where('issue_number', '=', issue.number)
    .orderBy('seq', 'desc')
    .limit(maxOfKind)
    .execute();
  return rows.map((row) => {
    const at = isoTime(row.received_at);
    const what = told[row.kind ?? ''] ?? 'Gitea told something.';
    if (caller.role !== 'operator') return { at, what };
    const tries = row.attempts > 1 ? `, attempt ${row.attempts}` : '';
    const state = row.status === 'done' ? '' : ` Its delivery: ${row.status}${tries}.`;
    const error = row.error === null ? '' : ` ${row.error}`;
    const link = { to: `/deliveries/${encodeURIComponent(row.id)}`, name: 'delivery' };
    return { at, what: `${what}${state}${error}`, link };
  });
}

/** When the text that the plan rests on was read first, when it became ready, and the last change of the plan. */
async function readReadings({ db, issue }: TimelineDeps): Promise<Happening[]> {
  const row = await db
    .selectFrom('issues')
    .select(['reading', 'changed_at', 'ready_at'])
    .select((eb) =>
      eb
        .selectFrom('deliveries')
        .select(({ fn }) => fn.min('handled_at').as('at'))
        .whereRef('deliveries.repository_id', '=', 'issues.repository_id')
        .whereRef('deliveries.issue_number', '=', 'issues.number')
        .whereRef('deliveries.snapshot_at', '=', 'issues.snapshot_at')
        .as('read_at'),
    )
    .where(ofIssue(issue))
    .executeTakeFirst();
  if (row === undefined) return [];
  const found: Happening[] = [{ at: isoTime(row.changed_at), what: 'The plan changed last.' }];
  if (row.ready_at !== null) found.push({ at: isoTime(row.ready_at), what: 'It became ready.' });
  if (row.read_at !== null && row.reading !== null) {
    const what = 'The text was read, as it is now.';
    found.push({ at: isoTime(row.read_at), what, link: { to: '#text', name: 'text' } });
  }
  return found;
}

function ofVerification(view: VerificationView): Happening[] {
  const link = { to: `/verifications/${encodeURIComponent(view.id)}`, name: 'verification' };
  const { commit } = view;
  const asked = { at: view.requestedAt, what: `A verification of ${commit} was asked for.`, link };
  if (view.endedAt === null) return [asked];
  const what = `Verification of ${commit}: ${view.state}. ${view.cause?.message ?? ''}`;
  return [{ at: view.endedAt, what, link }, asked];
}
