import { z } from 'zod';

import { repositoryOf, type IssueAddress } from './address.ts';
import type { Calls } from './calls.ts';
import { commentSchema, type GiteaComment } from './schemas.ts';

/** Calls about the comments of an issue. */
export function createCommentCalls({ read, write }: Calls) {
  function listComments(issue: IssueAddress, signal: AbortSignal) {
    const schema = z.array(commentSchema);
    return read<GiteaComment[]>(issue, { path: '/comments', schema, accepts500: true }, signal);
  }

  function getComment(issue: IssueAddress, id: number, signal: AbortSignal) {
    const path = `/issues/comments/${id}`;
    return read<GiteaComment>(repositoryOf(issue), { path, schema: commentSchema }, signal);
  }

  /** Never retried: after a failure, only the list shows whether the comment was created. */
  function createComment(issue: IssueAddress, body: string, signal: AbortSignal) {
    const call = { method: 'POST', path: '/comments', body: { body }, accepts500: true } as const;
    return write<GiteaComment>(issue, { ...call, success: 201, schema: commentSchema }, signal);
  }

  function editComment(issue: IssueAddress, id: number, body: string, signal: AbortSignal) {
    const call = { method: 'PATCH', path: `/issues/comments/${id}`, body: { body } } as const;
    const answer = { success: 200, schema: commentSchema };
    return write<GiteaComment>(repositoryOf(issue), { ...call, ...answer }, signal);
  }

  return { listComments, getComment, createComment, editComment };
}
