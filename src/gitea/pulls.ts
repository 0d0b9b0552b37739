import { z } from 'zod';

import type { RepositoryAddress } from './address.ts';
import type { Calls } from './calls.ts';
import { readPages } from './pages.ts';
import {
  pullCommentSchema,
  pullSchema,
  reviewCommentSchema,
  reviewSchema,
} from './pull-schemas.ts';

export interface NewPull {
  /** Names of branches of the repository itself. */
  readonly head: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
}

/** A pull request in a repository. */
export interface PullAddress extends RepositoryAddress {
  readonly pull: number;
}

/** Open pull requests, and branches, that are looked through: the newest ones. */
const maxPages = 10;
const maxReviewPages = 4;

const branchSchema = z.object({ name: z.string(), commit: z.object({ id: z.string() }) });
const userSchema = z.object({ id: z.int() });

/** Calls about pull requests, their reviews, and branches. */
export function createPullCalls({ read, write }: Calls) {
  function getPull({ pull, ...repository }: PullAddress, signal: AbortSignal) {
    return read(repository, { path: `/pulls/${pull}`, schema: pullSchema }, signal);
  }

  /** Open pull requests, those that changed last first. */
  function listOpenPulls(repository: RepositoryAddress, signal: AbortSignal) {
    const schema = z.array(pullSchema);
    return readPages(maxPages, (query) => {
      const path = `/pulls?state=open&sort=recentupdate&${query}`;
      return read(repository, { path, schema }, signal);
    });
  }

  /** Never retried. Refused with 409 while one of these branches is open. */
  function createPull(repository: RepositoryAddress, pull: NewPull, signal: AbortSignal) {
    const call = { method: 'POST', path: '/pulls', body: pull } as const;
    return write(repository, { ...call, success: 201, schema: pullSchema }, signal);
  }

  function editPullBody({ pull, ...repository }: PullAddress, body: string, signal: AbortSignal) {
    const call = { method: 'PATCH', path: `/pulls/${pull}`, body: { body } } as const;
    return write(repository, { ...call, success: 201, schema: pullSchema }, signal);
  }

  /** Closes it without a merge, and says in its description why. */
  function closePull({ pull, ...repository }: PullAddress, body: string, signal: AbortSignal) {
    const path = `/pulls/${pull}`;
    const call = { method: 'PATCH', path, body: { body, state: 'closed' } } as const;
    return write(repository, { ...call, success: 201, schema: pullSchema }, signal);
  }

  function listReviews({ pull, ...repository }: PullAddress, signal: AbortSignal) {
    const schema = z.array(reviewSchema);
    return readPages(maxReviewPages, (query) =>
      read(repository, { path: `/pulls/${pull}/reviews?${query}`, schema }, signal),
    );
  }

  function listReviewComments(
    { pull, ...repository }: PullAddress,
    review: number,
    signal: AbortSignal,
  ) {
    const path = `/pulls/${pull}/reviews/${review}/comments`;
    return read(repository, { path, schema: z.array(reviewCommentSchema) }, signal);
  }

  /** Comments of the conversation from a time on, by Gitea's clock. */
  function listPullComments(
    { pull, ...repository }: PullAddress,
    since: string,
    signal: AbortSignal,
  ) {
    const path = `/comments?since=${encodeURIComponent(since)}`;
    const call = { path, schema: z.array(pullCommentSchema), accepts500: true };
    return read({ ...repository, number: pull }, call, signal);
  }

  function getBranch(repository: RepositoryAddress, name: string, signal: AbortSignal) {
    const path = `/branches/${encodeURIComponent(name)}`;
    return read(repository, { path, schema: branchSchema }, signal);
  }

  function listBranches(repository: RepositoryAddress, signal: AbortSignal) {
    const schema = z.array(branchSchema);
    return readPages(maxPages, (query) =>
      read(repository, { path: `/branches?${query}`, schema }, signal),
    );
  }

  /** Ids of the users who may be assigned: those with write access. */
  async function listWriters(repository: RepositoryAddress, signal: AbortSignal) {
    const schema = z.array(userSchema).transform((users) => users.map(({ id }) => id));
    return read(repository, { path: '/assignees', schema }, signal);
  }

  return {
    ...{ getPull, listOpenPulls, createPull, editPullBody, closePull },
    ...{ listReviews, listReviewComments, listPullComments },
    ...{ getBranch, listBranches, listWriters },
  };
}
