import { createHash } from 'node:crypto';

import { isOwnComment } from '../issue/own-marks.ts';
import type { Logger } from '../log.ts';
import type { IssueAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import type { GiteaComment } from '../gitea/schemas.ts';
import { granted, Refused } from './refused.ts';
import type { Publication } from './rows.ts';
import type { Spend } from './write-budget.ts';

/** Number of deletions of our comment after which it is not created again. */
export const maxDeletions = 2;

/** The stored state of our comment; `comment_uncertain` is 1: one may be there, with an unknown id. */
export type StoredComment = Pick<
  Publication,
  'comment_id' | 'comment_uncertain' | 'comment_hash' | 'comment_deletions'
>;

export interface DesiredComment {
  readonly address: IssueAddress;
  readonly body: string;
  readonly stored: StoredComment;
  /** Somebody may have changed it: read and compare it. */
  readonly verify: boolean;
  /** Create a missing comment; otherwise only an existing one is edited. */
  readonly create: boolean;
}

export type StickyCommentGitea = Pick<
  Gitea,
  'createComment' | 'editComment' | 'getComment' | 'getUser' | 'listComments'
>;

/**
 * Keeps one comment of ours below an issue. The marker counts only in comments of our own account. Of
 * several comments, the oldest counts and the others are left alone. Throws `Refused`.
 */
export function createStickyComment(gitea: StickyCommentGitea, log: Logger, spend: Spend) {
  const { createComment, editComment, getComment, getUser, listComments } = gitea;

  /** Creates or edits the comment; returns the changes to its stored state. */
  async function put(
    desired: DesiredComment,
    signal: AbortSignal,
  ): Promise<Partial<StoredComment>> {
    const { address, body, stored, create } = desired;
    const published = (comment_id: number) => ({
      comment_id,
      comment_uncertain: 0,
      comment_hash: hashOf(body),
    });
    const id = stored.comment_id;
    if (id !== null && (await update(desired, id, signal))) return published(id);
    const found = await findOwn(address, signal);
    if (found !== undefined) {
      if (!isSame(found.body, body)) await edit(address, found.id, body, signal);
      return published(found.id);
    }
    const deletions = stored.comment_deletions + (id === null ? 0 : 1);
    const counted = { comment_deletions: deletions };
    if (!create || deletions >= maxDeletions)
      return { comment_id: null, comment_uncertain: 0, comment_hash: null, ...counted };
    spend(address, hashOf(body));
    const created = granted(await createComment(address, body, signal), 'a comment');
    return { ...published(created.id), ...counted };
  }

  /** Returns false when the comment is gone, or is not ours. */
  async function update(
    { address, body, verify }: DesiredComment,
    id: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (verify) {
      const found = await getOwn(address, id, signal);
      return found !== undefined && (isSame(found.body, body) || edit(address, id, body, signal));
    }
    try {
      return await edit(address, id, body, signal);
    } catch (error) {
      // It may have been written by the account of another token.
      if (error instanceof Refused && (await getOwn(address, id, signal)) === undefined)
        return false;
      throw error;
    }
  }

  async function getOwn(
    address: IssueAddress,
    id: number,
    signal: AbortSignal,
  ): Promise<GiteaComment | undefined> {
    const reply = await getComment(address, id, signal);
    if (reply.kind === 'missing' || reply.value.authorId !== (await ownId(signal)))
      return undefined;
    return reply.value;
  }

  async function edit(
    address: IssueAddress,
    id: number,
    body: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    spend(address, hashOf(body));
    const reply = await editComment(address, id, body, signal);
    if (reply.kind === 'missing') return false;
    granted(reply, 'a change of the comment');
    return true;
  }

  async function findOwn(
    address: IssueAddress,
    signal: AbortSignal,
  ): Promise<GiteaComment | undefined> {
    const own = await ownId(signal);
    const comments = granted(await listComments(address, signal), 'the issue');
    const ours = comments
      .filter(({ authorId, body }) => authorId === own && isOwnComment(body))
      .sort((a, b) => a.id - b.id);
    if (ours.length > 1)
      log.warn(
        { issue: address, comments: ours.map(({ id }) => id) },
        'an issue has several comments of ours: the oldest is kept up to date, delete the others',
      );
    return ours[0];
  }

  async function ownId(signal: AbortSignal): Promise<number> {
    return (await getUser(signal)).id;
  }

  return put;
}

/** Whether our comment is there, or may be there. */
export function mayHaveComment({ comment_id: id, comment_uncertain: uncertain }: StoredComment) {
  return id !== null || uncertain === 1;
}

/** Hash of a comment's text, as it is stored. */
export function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Ignores line endings: a person's browser sends other ones. */
function isSame(one: string, other: string): boolean {
  return normalised(one) === normalised(other);
}

function normalised(text: string): string {
  return text.replace(/\r\n?/g, '\n').trimEnd();
}
