import { z } from 'zod';

import type { Calls } from './calls.ts';

/** `skipped` and `warning` are left out: not every version knows them, and none of them is a verdict. */
export type CommitState = 'pending' | 'success' | 'failure' | 'error';

export interface CommitStatus {
  readonly state: CommitState;
  /** Name of the check; the latest status of a context is the one that counts. */
  readonly context: string;
  readonly description: string;
  /** Where the details are; undefined: nowhere. */
  readonly targetUrl: string | undefined;
}

/** A commit of a repository of which only the name is known. */
export interface CommitAddress {
  readonly repository: string;
  /** Full hash. */
  readonly commit: string;
}

const statusSchema = z.object({ status: z.string() });
const commitSchema = z.object({ sha: z.string() });

/** Calls about the statuses of commits. */
export function createStatusCalls({ read, write }: Calls) {
  /** Whether the commit is on Gitea: a status of one that is not there is answered with a 500. */
  async function hasCommit({ repository, commit }: CommitAddress, signal: AbortSignal) {
    const query = 'stat=false&verification=false&files=false';
    const path = `/git/commits/${encodeURIComponent(commit)}?${query}`;
    const found = await read({ repository }, { path, schema: commitSchema }, signal);
    return found.kind === 'ok';
  }

  /** Needs `write:repository` and write access to the code. Never retried; a second one of a context replaces the first. */
  function setCommitStatus(
    { repository, commit }: CommitAddress,
    { state, context, description, targetUrl }: CommitStatus,
    signal: AbortSignal,
  ) {
    const body = {
      ...{ state, context, description },
      ...(targetUrl === undefined ? {} : { target_url: targetUrl }),
    };
    const path = `/statuses/${encodeURIComponent(commit)}`;
    const call = { method: 'POST', path, body, success: 201, schema: statusSchema } as const;
    return write({ repository }, call, signal);
  }

  return { hasCommit, setCommitStatus };
}
