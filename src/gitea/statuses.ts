import { z } from 'zod';

import type { RepositoryAddress } from './address.ts';
import type { Calls } from './calls.ts';
import { readPages } from './pages.ts';

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
const combinedSchema = z
  .object({
    statuses: z
      .array(
        z.object({
          context: z.string(),
          status: z.string().default(''),
          description: z.string().nullish(),
          target_url: z.string().nullish(),
        }),
      )
      .nullish(),
  })
  .transform(({ statuses }) =>
    (statuses ?? []).map(({ context, status, description, target_url }) => ({
      context,
      /** Any word that this version of Gitea knows. */
      state: status,
      description: description ?? '',
      targetUrl: target_url ?? '',
    })),
  );
/** A status of a commit as Gitea has it. */
export type FoundStatus = Readonly<z.infer<typeof combinedSchema>[number]>;

/** Contexts of a commit that are looked through, 50 a page. */
const maxPages = 4;

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

  /** The latest status of each context of a commit, in any order. */
  function listStatuses(repository: RepositoryAddress, commit: string, signal: AbortSignal) {
    return readPages(maxPages, (query) => {
      const path = `/commits/${encodeURIComponent(commit)}/status?${query}`;
      return read(repository, { path, schema: combinedSchema }, signal);
    });
  }

  return { hasCommit, setCommitStatus, listStatuses };
}
