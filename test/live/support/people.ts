import { z } from 'zod';

import { callGitea, type Caller } from './call-gitea.ts';

const issueSchema = z.object({
  number: z.number(),
  title: z.string(),
  body: z.string(),
  state: z.enum(['open', 'closed']),
  assignees: z
    .array(z.object({ login: z.string() }))
    .nullable()
    .transform((list) => (list ?? []).map(({ login }) => login)),
  labels: z.array(z.object({ id: z.number(), name: z.string() })),
  repository: z.object({ full_name: z.string() }).nullable(),
});
/** An issue as Gitea tells it to a person. */
export type IssueSeen = z.infer<typeof issueSchema>;

const commentSchema = z.object({
  id: z.number(),
  body: z.string(),
  user: z.object({ login: z.string() }),
  created_at: z.string(),
  updated_at: z.string(),
});

export interface NewIssue {
  readonly title: string;
  readonly body?: string;
  readonly assignees?: readonly string[];
}

export interface IssueChanges {
  readonly title?: string;
  readonly body?: string;
  readonly state?: 'open' | 'closed';
  readonly assignees?: readonly string[];
}

/** Actions of a person in one repository. `repository` is asked each time: it may be renamed. */
export function createPerson(caller: Caller, repository: () => string) {
  const issue = (number: number) => `/repos/${repository()}/issues/${number}`;
  const dependency = (blocker: number) => {
    const [owner, repo] = repository().split('/');
    return { owner, repo, index: blocker };
  };
  return {
    open: async (issueToOpen: NewIssue) => {
      const made = await callGitea(caller, 'POST', `/repos/${repository()}/issues`, issueToOpen);
      return issueSchema.parse(made).number;
    },
    change: async (number: number, changes: IssueChanges) => {
      await callGitea(caller, 'PATCH', issue(number), changes);
    },
    assign: async (number: number, assignees: readonly string[]) => {
      await callGitea(caller, 'PATCH', issue(number), { assignees });
    },
    close: async (number: number) => {
      await callGitea(caller, 'PATCH', issue(number), { state: 'closed' });
    },
    reopen: async (number: number) => {
      await callGitea(caller, 'PATCH', issue(number), { state: 'open' });
    },
    look: async (number: number) =>
      issueSchema.parse(await callGitea(caller, 'GET', issue(number))),
    /** Every issue of the repository, up to 50. */
    lookAtAll: async () => {
      const path = `/repos/${repository()}/issues?type=issues&state=all&limit=50`;
      return z.array(issueSchema).parse(await callGitea(caller, 'GET', path));
    },
    blockersOf: async (number: number) =>
      z
        .array(z.object({ number: z.number(), state: z.string() }))
        .parse(await callGitea(caller, 'GET', `${issue(number)}/dependencies`)),
    addBlocker: async (number: number, blocker: number) => {
      await callGitea(caller, 'POST', `${issue(number)}/dependencies`, dependency(blocker));
    },
    removeBlocker: async (number: number, blocker: number) => {
      await callGitea(caller, 'DELETE', `${issue(number)}/dependencies`, dependency(blocker));
    },
    comments: async (number: number) =>
      z.array(commentSchema).parse(await callGitea(caller, 'GET', `${issue(number)}/comments`)),
    comment: async (number: number, body: string) => {
      await callGitea(caller, 'POST', `${issue(number)}/comments`, { body });
    },
    editComment: async (id: number, body: string) => {
      await callGitea(caller, 'PATCH', `/repos/${repository()}/issues/comments/${id}`, { body });
    },
    deleteComment: async (id: number) => {
      await callGitea(caller, 'DELETE', `/repos/${repository()}/issues/comments/${id}`);
    },
    addLabel: async (number: number, id: number) => {
      await callGitea(caller, 'POST', `${issue(number)}/labels`, { labels: [id] });
    },
    removeLabel: async (number: number, id: number) => {
      await callGitea(caller, 'DELETE', `${issue(number)}/labels/${id}`);
    },
    createLabel: async (name: string) => {
      const label = { name, color: '#dddddd' };
      const made = await callGitea(caller, 'POST', `/repos/${repository()}/labels`, label);
      return z.object({ id: z.number() }).parse(made).id;
    },
  };
}
