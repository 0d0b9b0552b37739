import { z } from 'zod';

import { addComment, deleteComment, editComment } from '../world/comments.ts';
import { commentJson } from '../world/json.ts';
import { commentsOf } from '../world/state.ts';
import { GiteaRefusal } from '../world/types.ts';
import { requireAccess, requireComment, requireCommented } from './access.ts';
import { issuePath, ok, on, parse, repositoryPath, type Asked, type Route } from './route.ts';

const commentSchema = z.object({ body: z.string().default('') });
const commentPath = `${repositoryPath}/issues/comments/(\\d+)`;

export const commentRoutes: readonly Route[] = [
  on('GET', `${issuePath}/comments`, 'issue', (asked, parts) => {
    const { world } = asked;
    const comments = commentsOf(world, requireCommented(asked, parts));
    const all = comments.map((comment) => commentJson(world, comment));
    return { ...ok(all), headers: { 'x-total-count': String(all.length) } };
  }),
  on('POST', `${issuePath}/comments`, 'issue', (asked, parts) => {
    const body = bodyOf(asked);
    if (body === '') throw new GiteaRefusal(422, '[Body]: Required');
    const { world, token } = asked;
    const made = addComment(world, token.login, requireCommented(asked, parts), body);
    return { status: 201, body: commentJson(world, made) };
  }),
  on('GET', commentPath, 'issue', (asked, parts) =>
    ok(commentJson(asked.world, requireComment(asked, parts))),
  ),
  on('PATCH', commentPath, 'issue', (asked, parts) => {
    const before = requireComment(asked, parts);
    const { world, token } = asked;
    if (before.author !== token.login) requireAccess(asked, before.repositoryId, 'write', '');
    const body = bodyOf(asked);
    const after = commentJson(world, editComment(world, token.login, before.id, body));
    // The same text again is answered without an author.
    return ok(body === before.body ? { ...after, user: null } : after);
  }),
  on('DELETE', commentPath, 'issue', (asked, parts) => {
    deleteComment(asked.world, asked.token.login, requireComment(asked, parts).id);
    return { status: 204 };
  }),
];

function bodyOf({ body }: Asked): string {
  return parse(commentSchema, body, '[Body]: Required').body;
}
