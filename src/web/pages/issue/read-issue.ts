import { maySee, planFor, whyFor } from '../../../api/for-caller.ts';
import type { Caller } from '../../../api/roles.ts';
import { ofIssue } from '../../../db/key-filter.ts';
import { isoTime } from '../../../issue/iso-time.ts';
import { readingSchema } from '../../../issue/reading.ts';
import type { IssueRef } from '../../../issue/ref.ts';
import { findHandoff } from '../../../claims/claim-rows.ts';
import type { FullPlan } from '../../../claims/hand-out/queue-view.ts';
import { linkedEdges, type EdgeEnd, type LinkedEdge } from '../../../plans/linked-edges.ts';
import { isInScope } from '../../../plans/scope.ts';
import { findFacts } from '../../../plans/stored-facts.ts';
import { commentUrl, pullUrl } from '../../parts/gitea-link.ts';
import type { Visit, WebDeps } from '../../web.ts';
import { markText, type Quote } from './mark-text.ts';
import { valueQuotes } from './value-quotes.ts';
import { readTimeline } from './read-timeline.ts';

export type IssuePageData = NonNullable<Awaited<ReturnType<typeof readIssuePage>>>;

/** All that the page of an issue shows; undefined when the caller may not see it. */
export async function readIssuePage(deps: WebDeps, caller: Caller, ref: IssueRef) {
  const { store, verifications, now } = deps;
  const { db, giteaUrl } = store;
  const plan = await planFor(deps, caller, ref);
  if (plan === undefined) return undefined;
  const issue = { repositoryId: plan.repositoryId, number: plan.number };
  const repository = plan.ref.slice(0, plan.ref.lastIndexOf('#'));
  const answer = await whyFor(deps, caller, { ref, agent: undefined });
  const facts = await findFacts(db, issue);
  const seen = ((await verifications?.list(issue)) ?? []).filter((view) => maySee(view, caller));
  const timeline = await readTimeline({
    ...{ db, caller, issue, verifications: seen },
    pullUrl: (pull) => pullUrl({ giteaUrl, repository }, pull),
    commentUrl: (comment) => commentUrl(giteaUrl, { repository, number: plan.number }, comment),
  });
  return {
    plan,
    issue: { repository, number: plan.number },
    agents: 'why' in answer ? answer.why : undefined,
    since: await readSince(deps, plan),
    text: {
      ...markText(facts?.body ?? '', await quotesOf(deps, caller, plan)),
      length: facts?.body.length ?? 0,
      isMissing: facts?.textMissing === true,
      cut: facts?.bodyCut === true,
    },
    labels: facts?.labels ?? [],
    verifications: seen,
    timeline,
    onGitea: await readOnGitea(deps, issue),
    handoff: caller.role === 'operator' ? await findHandoff(db, issue) : undefined,
    giteaUrl,
    now: now(),
  };
}

/** Since when it has its state, where that is kept. */
async function readSince({ store: { db } }: WebDeps, plan: FullPlan): Promise<string | undefined> {
  if (plan.state === 'in_progress') return plan.claim?.claimedAt;
  const row = await db
    .selectFrom('issues')
    .select(['ready_at', 'verified_commit'])
    .where(ofIssue(plan))
    .executeTakeFirst();
  if (row?.ready_at != null) return isoTime(row.ready_at);
  if (plan.state !== 'in_review' || row?.verified_commit == null) return undefined;
  const proof = await db
    .selectFrom('verifications')
    .select('ended_at')
    .where(ofIssue(plan))
    .where('commit_id', '=', row.verified_commit)
    .where('state', '=', 'passed')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return proof?.ended_at == null ? undefined : isoTime(proof.ended_at);
}

/** The words in the text of the issue itself that gave a value, an edge or a proposal, with what they gave. */
async function quotesOf(
  { store: { db } }: WebDeps,
  { repositories }: Caller,
  plan: FullPlan,
): Promise<Quote[]> {
  const issue = { repositoryId: plan.repositoryId, number: plan.number };
  const nameOf = ({ ref }: EdgeEnd) =>
    isInScope(repositories, ref.split('#', 1)[0] ?? '') ? ref : 'an issue elsewhere';
  const waits = await linkedEdges(db, [issue], 'blocked');
  const holds = await linkedEdges(db, [issue], 'blocker');
  const row = await db
    .selectFrom('issues')
    .select('reading')
    .where(ofIssue(issue))
    .executeTakeFirst();
  return [
    ...(row?.reading == null ? [] : valueQuotes(readingSchema.parse(JSON.parse(row.reading)))),
    ...waits
      .filter((edge) => edge.declaredByBlocked && isText(edge))
      .map(({ blocker, evidence: words }) => ({ words, gives: `waits for ${nameOf(blocker)}` })),
    ...holds
      .filter((edge) => !edge.declaredByBlocked && isText(edge))
      .map(({ blocked, evidence: words }) => ({
        words,
        gives: `${nameOf(blocked)} waits for this`,
      })),
    ...plan.proposals
      .filter(({ readIn }) => readIn === plan.ref)
      .map(({ ref, direction, standing, evidence: words }) => {
        const waiting = direction === 'blocked_by' ? `waits for ${ref}` : `${ref} waits for this`;
        return { words, gives: `${standing}: ${waiting}` };
      }),
  ];
}

/** Not set on Gitea. */
function isText({ source }: LinkedEdge): boolean {
  return source === 'declared' || source === 'model';
}

/** What was written to Gitea about the issue. */
async function readOnGitea(
  { store: { db } }: WebDeps,
  issue: { readonly repositoryId: number; readonly number: number },
) {
  const comment = await db
    .selectFrom('publications')
    .select(['comment_id', 'label', 'error', 'attempts'])
    .where(ofIssue(issue))
    .executeTakeFirst();
  const pull = await db
    .selectFrom('pull_requests')
    .select(['pull_number', 'state', 'branch', 'commit_id', 'error'])
    .where(ofIssue(issue))
    .executeTakeFirst();
  return { comment, pull };
}

/** What each part of the page gets. */
export interface PartProps extends IssuePageData {
  readonly visit: Visit;
  readonly deps: Pick<WebDeps, 'thresholds'>;
}
