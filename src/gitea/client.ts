import { createAccountCalls } from './account.ts';
import { createCalls } from './calls.ts';
import { createCommentCalls } from './comments.ts';
import { createCommitCalls } from './commits.ts';
import { createGitFetch } from './git-fetch.ts';
import { createHookCalls } from './hooks.ts';
import { createIssueCalls } from './issues.ts';
import { createLabelCalls } from './labels.ts';
import { createLookups } from './lookups.ts';
import { createProtectionCalls } from './protections.ts';
import { createPullCalls } from './pulls.ts';
import { createSearchCalls } from './search.ts';
import { createStatusCalls } from './statuses.ts';
import { createTransport, type GiteaOptions } from './transport.ts';

export type Gitea = ReturnType<typeof createGitea>;

/**
 * The calls to Gitea: one function an endpoint, in a file a resource. Every function throws
 * `TryAgainLater` when Gitea does not answer, refuses the token or sends an answer that is not one of its
 * API. Each request ends within 10 s, whatever the server does.
 */
export function createGitea(options: GiteaOptions) {
  const transport = createTransport(options);
  const lookups = createLookups(transport);
  const calls = createCalls(transport, lookups);
  const { gitFetch, closeGit } = createGitFetch(options);
  return {
    ...createIssueCalls(lookups, calls),
    ...createCommentCalls(calls),
    ...createLabelCalls(calls),
    ...createHookCalls(calls),
    ...createSearchCalls(lookups),
    ...createAccountCalls(transport, lookups),
    ...createCommitCalls(transport),
    ...createStatusCalls(calls),
    ...createPullCalls(calls),
    ...createProtectionCalls(calls),
    gitFetch,
    getRepository: lookups.getRepository,
    status: transport.status,
    close: async () => {
      await Promise.all([transport.close(), closeGit()]);
    },
  };
}
