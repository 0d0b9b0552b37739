import { z } from 'zod';

import { boundedLabels, boundedLogins, isRepositoryName } from '../issue/bounds.ts';
import { keptText, type IssueSnapshot } from '../issue/event.ts';
import { withoutOwnLabels } from '../issue/own-marks.ts';
import { rawRepositoryFacts, repositoryFactsOf } from '../issue/repository-facts.ts';
import { wholeSeconds } from '../issue/snapshot-dates.ts';

/** Gitea's answers, each reduced to the keys that are used. */

export const repositoryName = z.string().refine(isRepositoryName, 'not the name of a repository');

const rawIssueSchema = z.object({
  number: z.int().positive(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']),
  assignees: z.array(z.object({ login: z.string() })).nullish(),
  labels: z.array(z.object({ name: z.string() })).nullish(),
  updated_at: z.iso.datetime({ offset: true }),
  pull_request: z.looseObject({ merged: z.boolean().nullish() }).nullish(),
  repository: z.object({ id: z.int().positive(), full_name: repositoryName }),
});
type RawIssue = z.infer<typeof rawIssueSchema>;

export const issueSchema = rawIssueSchema.transform(snapshotOf);

/** A list of issues, or of pull requests; rows of the other kind count only in `rows`. */
export function issueListSchema(type: 'issues' | 'pulls') {
  return z.array(rawIssueSchema).transform((rows) => ({
    issues: rows.filter((row) => isPullRequest(row) === (type === 'pulls')).map(snapshotOf),
    rows: rows.length,
  }));
}

/** An issue that the token may not read comes without number and repository. */
const hiddenIssueSchema = z
  .object({ number: z.literal(0), repository: z.null().optional() })
  .transform(() => undefined);

/** Issues that block another or are blocked by it; undefined for each that is hidden. */
export const linkedIssuesSchema = z.array(z.union([hiddenIssueSchema, issueSchema]));

/** Entries of a timeline: the pull requests whose text refers to the issue, as far as the token may read them. */
export const pullReferencesSchema = z
  .array(z.looseObject({ type: z.string(), ref_issue: z.unknown() }))
  .nullable()
  .transform((entries) => {
    const all = entries ?? [];
    const pulls = all.flatMap(({ type, ref_issue }) => {
      const parsed = type === 'pull_ref' ? issueSchema.safeParse(ref_issue) : undefined;
      return parsed?.success === true && parsed.data.merged !== undefined ? [parsed.data] : [];
    });
    return { pulls, rows: all.length };
  });

export const repositorySchema = z
  .object({
    id: z.int().positive(),
    full_name: repositoryName,
    has_issues: z.boolean().default(true),
    ...rawRepositoryFacts,
    permissions: z
      .object({
        admin: z.boolean().default(false),
        push: z.boolean().default(false),
        pull: z.boolean().default(false),
      })
      .nullish(),
    internal_tracker: z.object({ enable_issue_dependencies: z.boolean().optional() }).nullish(),
  })
  .transform(({ id, full_name, has_issues, permissions, internal_tracker, ...rest }) => ({
    id,
    name: full_name,
    ...repositoryFactsOf(rest),
    hasIssues: has_issues,
    /** Whether dependencies are switched on; undefined with an external issue tracker. */
    dependencies: internal_tracker?.enable_issue_dependencies,
    permissions: permissions ?? { admin: false, push: false, pull: false },
  }));

/** `hasIssues` is false while issues are switched off: then each of its issues answers 404. */
export type GiteaRepository = Readonly<z.infer<typeof repositorySchema>>;

export const userSchema = z
  .object({ id: z.int(), login: z.string().min(1), is_admin: z.boolean().default(false) })
  .transform(({ is_admin: isAdmin, ...user }) => ({ ...user, isAdmin }));
export type GiteaUser = Readonly<z.infer<typeof userSchema>>;

export const commentSchema = z
  .object({
    id: z.int().positive(),
    body: z.string().nullish(),
    user: z.object({ id: z.int() }).nullish(),
  })
  // -1 is Gitea's id of a deleted user.
  .transform(({ id, body, user }) => ({ id, authorId: user?.id ?? -1, body: body ?? '' }));
export type GiteaComment = Readonly<z.infer<typeof commentSchema>>;

export const labelSchema = z
  .object({
    id: z.int().positive(),
    name: z.string(),
    exclusive: z.boolean().default(false),
    color: z.string().default(''),
    description: z.string().nullish(),
  })
  .transform(({ description, ...label }) => ({ ...label, description: description ?? '' }));
export type GiteaLabel = Readonly<z.infer<typeof labelSchema>>;

export const hookSchema = z
  .object({
    id: z.int().positive(),
    active: z.boolean(),
    type: z.string(),
    events: z.array(z.string()).nullish(),
    config: z.object({ url: z.string().default(''), content_type: z.string().default('') }),
    branch_filter: z.string().nullish(),
    authorization_header: z.string().nullish(),
  })
  .transform(({ config, events, branch_filter: branchFilter, ...hook }) => {
    const { authorization_header: authorizationHeader, ...rest } = hook;
    return {
      ...rest,
      events: events ?? [],
      url: config.url,
      contentType: config.content_type,
      branchFilter: branchFilter ?? undefined,
      /** A secret. Gitea after 1.27 does not send it. */
      authorizationHeader: authorizationHeader ?? undefined,
    };
  });
export type GiteaHook = Readonly<z.infer<typeof hookSchema>>;

function isPullRequest({ pull_request }: RawIssue): boolean {
  return pull_request != null;
}

function snapshotOf(issue: RawIssue): IssueSnapshot {
  const isPull = isPullRequest(issue);
  return {
    repositoryId: issue.repository.id,
    repository: issue.repository.full_name,
    number: issue.number,
    ...keptText(issue.title, issue.body),
    open: issue.state === 'open',
    assignees: isPull ? [] : boundedLogins((issue.assignees ?? []).map(({ login }) => login)),
    labels: boundedLabels(withoutOwnLabels((issue.labels ?? []).map(({ name }) => name))),
    updatedAt: Math.max(0, wholeSeconds(Date.parse(issue.updated_at))),
    ...(isPull ? { merged: issue.pull_request?.merged === true } : {}),
  };
}
