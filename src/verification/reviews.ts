import type { Gitea } from '../gitea/client.ts';
import type { GiteaReview } from '../gitea/pull-schemas.ts';
import { isoTime } from '../issue/iso-time.ts';
import { isOwnComment, ownContextScope } from '../issue/own-marks.ts';
import type { RedCheck, Remark } from './feedback.ts';

export type ReviewsGitea = Pick<
  Gitea,
  | ('listReviews' | 'listReviewComments' | 'listPullComments')
  | ('listWriters' | 'listStatuses' | 'getUser')
>;

/** What reviewers said since a time; times are Gitea's. */
export interface NewRemarks {
  readonly asksForChanges: boolean;
  readonly remarks: readonly Remark[];
  /** Of the newest of them; 0: there is none. */
  readonly seenAt: number;
}

/** Reviews whose comments are read, the newest ones: an answer to a comment belongs to the review before. */
const maxReviews = 20;

/**
 * What reviewers said since `seenAt`: a review that asks for changes, or comments on lines. Only people who may
 * write to the repository count, since anybody can review where it is public; the bot's own words do not.
 *
 * Accepted race: a remark within the second of one that was acted on is not seen as new; it stands on Gitea.
 */
export async function findNewRemarks(
  gitea: ReviewsGitea,
  { address, seenAt }: { readonly address: PullAddress; readonly seenAt: number },
  signal: AbortSignal,
): Promise<NewRemarks> {
  const reply = await gitea.listReviews(address, signal);
  const reviews = (reply.kind === 'ok' ? reply.value : []).filter(isHeard);
  const isNew = ({ updatedAt }: { readonly updatedAt: number }) => updatedAt > seenAt;
  const own = reviews.filter(isNew);
  const talkative = reviews.filter(({ comments }) => comments > 0).slice(-maxReviews);
  const onLines = [];
  for (const { id } of talkative) {
    const found = await gitea.listReviewComments(address, id, signal);
    if (found.kind === 'ok') onLines.push(...found.value.filter(isNew));
  }
  if (own.length === 0 && onLines.length === 0) return nothing;
  const mayWrite = await writers(gitea, address, signal);
  const heard = own.filter(mayWrite);
  const lines = onLines.filter((each) => mayWrite(each) && !each.isResolved);
  const asksForChanges = lines.length > 0 || heard.some(({ state }) => state === rejects);
  if (!asksForChanges) return { ...nothing, seenAt: newest([...own, ...onLines]) };
  const talk = await gitea.listPullComments(address, isoTime(seenAt), signal);
  const said = (talk.kind === 'ok' ? talk.value : []).filter(
    (each) => isNew(each) && mayWrite(each) && !isOwnComment(each.body),
  );
  return {
    asksForChanges,
    remarks: [
      ...heard.map(({ author, body }) => ({ author: author.login, text: body })),
      ...lines.map(({ author, path, line, body }) => ({
        ...{ author: author.login, path, line, text: body },
      })),
      ...said.map(({ author, body }) => ({ author: author.login, text: body })),
    ].filter(({ text }) => text.trim() !== ''),
    seenAt: newest([...own, ...onLines, ...said]),
  };
}

type PullAddress = Parameters<Gitea['getPull']>[0];

const rejects = 'REQUEST_CHANGES';
const nothing: NewRemarks = { asksForChanges: false, remarks: [], seenAt: 0 };

/** An approval asks for nothing, whatever it says beside. */
function isHeard({ state, dismissed }: GiteaReview): boolean {
  return !dismissed && (state === rejects || state === 'COMMENT');
}

async function writers(
  gitea: ReviewsGitea,
  { repositoryId, repository }: PullAddress,
  signal: AbortSignal,
) {
  const reply = await gitea.listWriters({ repositoryId, repository }, signal);
  const bot = (await gitea.getUser(signal)).id;
  const ids = new Set(reply.kind === 'ok' ? reply.value : []);
  ids.delete(bot);
  return ({ author }: { readonly author: { readonly id: number } }) => ids.has(author.id);
}

function newest(all: readonly { readonly updatedAt: number }[]): number {
  return Math.max(0, ...all.map(({ updatedAt }) => updatedAt));
}

/**
 * The checks of others that failed on a commit. None while one of others is pending, so that what they say comes at
 * once: one that stays pending hides the others.
 */
export async function findRedChecks(
  gitea: Pick<Gitea, 'listStatuses'>,
  {
    repository,
    commit,
  }: { readonly repository: Parameters<Gitea['listStatuses']>[0]; readonly commit: string },
  signal: AbortSignal,
): Promise<RedCheck[]> {
  const reply = await gitea.listStatuses(repository, commit, signal);
  const all = reply.kind === 'ok' ? reply.value : [];
  const others = all.filter(({ context }) => !context.startsWith(ownContextScope));
  if (others.some(({ state }) => state === 'pending')) return [];
  return others
    .filter(({ state }) => state === 'failure' || state === 'error')
    .map(({ targetUrl: url, ...check }) => ({ ...check, url }));
}
