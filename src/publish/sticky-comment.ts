import { createHash } from 'node:crypto';

import { isOwnComment } from '../issue/own-marks.ts';
import type { Logger } from '../log.ts';
import type { IssueAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import type { GiteaComment } from '../gitea/schemas.ts';
import { granted, Refused } from './refused.ts';
import type { Spend } from './write-budget.ts';

/** How often a comment that somebody deletes is made anew. */
const mostRemade = 1;

/** In address of an id: one may be there, or not. */
export const commentToFind = 0;

/** What is known of our comment below an issue. */
export interface KnownComment {
  readonly comment_id: number | null;
  readonly comment_hash: string | null;
  readonly remade: number;
}

export interface WantedComment {
  readonly address: IssueAddress;
  readonly body: string;
  readonly known: KnownComment;
  /** Somebody may have touched it: what stands is read and compared. */
  readonly look: boolean;
  /** One that is not there is created; else only one that is there is edited. */
  readonly create: boolean;
}

export type StickyCommentGitea = Pick<
  Gitea,
  'createComment' | 'editComment' | 'getComment' | 'getUser' | 'listComments'
>;

interface StickyCommentDeps {
  readonly gitea: StickyCommentGitea;
  readonly log: Logger;
  /** Called before each write. */
  readonly spend: Spend;
}

/**
 * Keeps one comment of ours below an issue. The marker counts in comments of our own account alone; of
 * several the oldest counts, the others are left. Throws `Refused`.
 */
export function createStickyComment({ gitea, log, spend }: StickyCommentDeps) {
  const { createComment, editComment, getComment, getUser, listComments } = gitea;
  let me: number | undefined;

  /** Brings the comment to its text; returns what is new of what is known, and nothing else. */
  async function put(wanted: WantedComment, signal: AbortSignal): Promise<Partial<KnownComment>> {
    const { address, body, known, create } = wanted;
    const stands = (id: number) => ({ comment_id: id, comment_hash: hashOf(body) });
    const id = known.comment_id === commentToFind ? null : known.comment_id;
    if (id !== null && (await update(wanted, id, signal))) return stands(id);
    const found = await findOwn(address, signal);
    if (found !== undefined) {
      if (!isSame(found.body, body)) await edit(address, found.id, body, signal);
      return stands(found.id);
    }
    const remade = known.remade + (id === null ? 0 : 1);
    if (!create || remade > mostRemade) return { comment_id: null, comment_hash: null, remade };
    spend(address, hashOf(body));
    const created = granted(await createComment(address, body, signal), 'a comment');
    return { ...stands(created.id), remade };
  }

  /** False: it is not there, or not ours. */
  async function update(
    { address, body, look }: WantedComment,
    id: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (look) {
      const found = await getOwn(address, id, signal);
      return found !== undefined && (isSame(found.body, body) || edit(address, id, body, signal));
    }
    try {
      return await edit(address, id, body, signal);
    } catch (error) {
      // The account of another token may have written it.
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
        'there are several comments of ours below an issue: the oldest is kept up to date, delete the others',
      );
    return ours[0];
  }

  async function ownId(signal: AbortSignal): Promise<number> {
    me ??= (await getUser(signal)).id;
    return me;
  }

  return { put };
}

/** Of a comment's text, as it is recorded. */
export function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

/** A person's browser sends other line ends. */
function isSame(one: string, other: string): boolean {
  return normalised(one) === normalised(other);
}

function normalised(text: string): string {
  return text.replace(/\r\n?/g, '\n').trimEnd();
}
