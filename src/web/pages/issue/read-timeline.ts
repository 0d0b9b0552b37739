import { isOwn } from '../../../api/for-caller.ts';
import type { Caller } from '../../../api/roles.ts';
import type { Database } from '../../../db/database.ts';
import { ofIssue } from '../../../db/key-filter.ts';
import { isoTime } from '../../../issue/iso-time.ts';
import type { IssueKey } from '../../../issue/ref.ts';
import type { VerificationView } from '../../../verification/views.ts';

/** Something that happened to an issue. */
export interface Happening {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly what: string;
  readonly link?: { readonly to: string; readonly name: string } | undefined;
}

export interface Timeline {
  /** The newest first. */
  readonly items: readonly Happening[];
  /** True: there is more than is shown. */
  readonly cut: boolean;
}

/** Happenings that are shown, and those of one kind that are read. */
const maxShown = 60;
const maxOfKind = 40;

interface TimelineDeps {
  readonly db: Database;
  readonly caller: Caller;
  readonly issue: IssueKey;
  /** Those that the caller may see, the newest first. */
  readonly verifications: readonly VerificationView[];
  /** Of the pull request on Gitea. */
  readonly pullUrl: (pull: number) => string | undefined;
}

/** What is known of the past of an issue, as far as the caller may see it. */
export async function readTimeline(deps: TimelineDeps): Promise<Timeline> {
  const { verifications } = deps;
  const kinds = [
    await readDeliveries(deps),
    await readReadings(deps),
    await readClaims(deps),
    verifications.flatMap(ofVerification),
    await readPullRequest(deps),
  ];
  const all = kinds
    .flat()
    .toSorted(({ at: one }, { at: other }) => (one < other ? 1 : one > other ? -1 : 0));
  const cut = all.length > maxShown || kinds.some(({ length }) => length >= maxOfKind);
  return { items: all.slice(0, maxShown), cut };
}

/** Kinds of events in words. */
const told: Readonly<Record<string, string>> = {
  assigned: 'was assigned',
  unassigned: 'was unassigned',
  closed: 'was closed',
  reopened: 'was reopened',
  opened: 'was opened',
  edited: 'was edited',
  deleted: 'was deleted',
  labelled: 'has other labels',
  milestoned: 'has another milestone',
  commented: 'has a new comment',
};

/** Deliveries are for operators alone. */
async function readDeliveries({ db, caller, issue }: TimelineDeps): Promise<Happening[]> {
  if (caller.role !== 'operator') return [];
  const rows = await db
    .selectFrom('deliveries')
    .select(['id', 'kind', 'status', 'received_at', 'handled_at', 'attempts', 'error'])
    .where('repository_id', '=', issue.repositoryId)
    .where('issue_number', '=', issue.number)
    .orderBy('seq', 'desc')
    .limit(maxOfKind)
    .execute();
  return rows.map((row) => {
    const event = told[row.kind ?? ''];
    const what = event === undefined ? 'It was read from Gitea' : `Gitea tells: it ${event}`;
    const tries = row.attempts > 1 ? `, attempt ${row.attempts}` : '';
    const state = row.status === 'done' ? '' : ` (${row.status}${tries})`;
    const error = row.error === null ? '' : ` ${row.error}`;
    return {
      at: isoTime(row.received_at),
      what: `${what}${state}.${error}`,
      link: { to: `/deliveries/${encodeURIComponent(row.id)}`, name: 'delivery' },
    };
  });
}

/** When the text that the plan rests on was read first. */
async function readReadings({ db, issue }: TimelineDeps): Promise<Happening[]> {
  const row = await db
    .selectFrom('issues')
    .select(['reading', 'changed_at'])
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
  const changed = { at: isoTime(row.changed_at), what: 'The plan changed last.' };
  if (row.read_at === null || row.reading === null) return [changed];
  return [changed, { at: isoTime(row.read_at), what: 'The text was read, as it is now.' }];
}

/** How a claim ended. */
const endings = {
  released: (worker: string) => `${worker} gave it back`,
  blocked: (worker: string) => `${worker} is stuck`,
  completed: (worker: string) => `${worker} completed it`,
  expired: (worker: string) => `${worker} fell silent`,
  withdrawn: (worker: string) => `The claim of ${worker} was withdrawn`,
} as const;

async function readClaims({ db, caller, issue }: TimelineDeps): Promise<Happening[]> {
  const rows = await db
    .selectFrom('claims')
    .select(['worker', 'agent', 'claimed_at', 'ended_at', 'outcome', 'reason', 'rotations'])
    .select(['handoff_at', 'verification_id'])
    .select((eb) => eb('handoff', 'is not', null).as('handsOver'))
    .where(ofIssue(issue))
    .orderBy('claimed_at', 'desc')
    .limit(maxOfKind / 2)
    .execute();
  const link = { to: '#work', name: 'work' };
  return rows
    .filter((row) => isOwn(row, caller))
    .flatMap((row) => {
      const { worker, agent, rotations, outcome, ended_at } = row;
      const found: Happening[] = [
        { at: isoTime(row.claimed_at), what: `${worker} began to work on it as ${agent}.`, link },
      ];
      if (row.handsOver && row.handoff_at !== null) {
        const fresh = ended_at === null || row.handoff_at < ended_at;
        const what =
          fresh && rotations > 0
            ? `A fresh session of ${worker} went on (rotation ${rotations}), with a handoff.`
            : `${worker} left a handoff.`;
        found.push({ at: isoTime(row.handoff_at), what, link });
      }
      if (ended_at !== null && outcome !== null) {
        const sessions = rotations > 0 ? ` after ${rotations + 1} sessions` : '';
        const what = endings[outcome](worker);
        found.push({
          at: isoTime(ended_at),
          what: `${what}${sessions}: ${row.reason ?? ''}`,
          link,
        });
      }
      return found.toReversed();
    });
}

function ofVerification(view: VerificationView): Happening[] {
  const link = { to: `/verifications/${encodeURIComponent(view.id)}`, name: 'verification' };
  const commit = view.commit.slice(0, 10);
  const asked = { at: view.requestedAt, what: `A verification of ${commit} was asked for.`, link };
  if (view.endedAt === null) return [asked];
  const what = `Verification of ${commit}: ${view.state}. ${view.cause?.message ?? ''}`;
  return [{ at: view.endedAt, what, link }, asked];
}

/** Dated by the verification before it, since when it was opened is not kept. */
async function readPullRequest({
  db,
  issue,
  verifications,
  pullUrl,
}: TimelineDeps): Promise<Happening[]> {
  const row = await db
    .selectFrom('pull_requests')
    .select(['pull_number', 'commit_id', 'state', 'seen_at'])
    .where(ofIssue(issue))
    .executeTakeFirst();
  if (row === undefined || row.pull_number === null) return [];
  const name = `pull request ${row.pull_number}`;
  const to = pullUrl(row.pull_number);
  const link = to === undefined ? undefined : { to, name };
  const proof = verifications.find((view) => view.commit === row.commit_id && view.endedAt);
  const found: Happening[] = [];
  if (row.seen_at > 0)
    found.push({ at: isoTime(row.seen_at), what: 'The last remark on the pull request.', link });
  if (proof?.endedAt != null) {
    const what = `Then the pull request told of ${row.commit_id.slice(0, 10)}; now it is ${row.state}.`;
    found.push({ at: proof.endedAt, what, link });
  }
  return found;
}
