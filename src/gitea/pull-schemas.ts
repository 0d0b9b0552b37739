import { z } from 'zod';

const id = z.int();
const user = z.object({ id, login: z.string() }).nullish();
const time = z.iso.datetime({ offset: true }).transform((text) => Math.max(0, Date.parse(text)));
/** Gitea's id and name of a deleted user. */
const ghost = { id: -1, login: 'Ghost' };

const branch = z.object({ ref: z.string(), sha: z.string().default(''), repo_id: id });

export const pullSchema = z
  .object({
    number: z.int().positive(),
    body: z.string().nullish(),
    state: z.enum(['open', 'closed']),
    draft: z.boolean().default(false),
    merged: z.boolean().default(false),
    /** Also false while Gitea computes it, and of a draft. */
    mergeable: z.boolean().default(false),
    user,
    updated_at: time,
    head: branch,
    base: branch,
  })
  .transform(({ body, user: author, updated_at: updatedAt, head, base, ...pull }) => ({
    ...pull,
    body: body ?? '',
    author: author ?? ghost,
    updatedAt,
    base: base.ref,
    head: { branch: head.ref, commit: head.sha, isOfFork: head.repo_id !== base.repo_id },
  }));
export type GiteaPull = Readonly<z.infer<typeof pullSchema>>;

export const reviewSchema = z
  .object({
    id,
    user,
    state: z.string(),
    body: z.string().nullish(),
    dismissed: z.boolean().default(false),
    comments_count: z.int().default(0),
    updated_at: time,
  })
  .transform(({ body, user: author, updated_at: updatedAt, comments_count, ...review }) => ({
    ...review,
    body: body ?? '',
    author: author ?? ghost,
    updatedAt,
    comments: comments_count,
  }));
export type GiteaReview = Readonly<z.infer<typeof reviewSchema>>;

export const reviewCommentSchema = z
  .object({
    user,
    resolver: z.object({ id }).nullish(),
    body: z.string().nullish(),
    path: z.string().default(''),
    position: z.int().default(0),
    original_position: z.int().default(0),
    updated_at: time,
  })
  .transform(({ body, user: author, updated_at: updatedAt, resolver, path, ...lines }) => ({
    path,
    /** In the new file, or else in the old one. */
    line: lines.position > 0 ? lines.position : lines.original_position,
    body: body ?? '',
    author: author ?? ghost,
    updatedAt,
    isResolved: resolver != null,
  }));

export const pullCommentSchema = z
  .object({ user, body: z.string().nullish(), updated_at: time })
  .transform(({ body, user: author, updated_at: updatedAt }) => ({
    body: body ?? '',
    author: author ?? ghost,
    updatedAt,
  }));
