import { z } from 'zod';

import { repositoryOf, type IssueAddress, type RepositoryAddress } from './address.ts';
import type { Calls } from './calls.ts';
import { readPages } from './pages.ts';
import type { ReadResult } from './replies.ts';
import { labelSchema, type GiteaLabel } from './schemas.ts';

const maxLabelPages = 20;
const listSchema: z.ZodType<GiteaLabel[]> = z.array(labelSchema);

/** Calls about the labels of an issue and of a repository. */
export function createLabelCalls({ read, write }: Calls) {
  function listIssueLabels(issue: IssueAddress, signal: AbortSignal) {
    return read(issue, { path: '/labels', schema: listSchema }, signal);
  }

  /** Returns the resulting list: Gitea ignores ids that it does not know. */
  function addIssueLabel(issue: IssueAddress, labelId: number, signal: AbortSignal) {
    const call = { method: 'POST', path: '/labels', body: { labels: [labelId] } } as const;
    return write(issue, { ...call, success: 200, schema: listSchema }, signal);
  }

  /** Succeeds as well when the issue does not have the label. */
  function removeIssueLabel(issue: IssueAddress, labelId: number, signal: AbortSignal) {
    const call = { method: 'DELETE', path: `/labels/${labelId}` } as const;
    return write(issue, { ...call, success: 204, schema: z.undefined() }, signal);
  }

  async function listRepositoryLabels(
    repository: RepositoryAddress,
    signal: AbortSignal,
  ): Promise<ReadResult<GiteaLabel[]>> {
    const result = await readPages(maxLabelPages, (query) =>
      read(repositoryOf(repository), { path: `/labels?${query}`, schema: listSchema }, signal),
    );
    if (result.kind === 'missing') return result;
    const labels = new Map(result.value.map((label) => [label.id, label]));
    return { kind: 'ok', value: [...labels.values()] };
  }

  /** Gitea accepts the same name twice: list the labels first. */
  function createRepositoryLabel(
    repository: RepositoryAddress,
    { name, color, description, exclusive }: Omit<GiteaLabel, 'id'>,
    signal: AbortSignal,
  ) {
    const body = { name, color, description, exclusive };
    const call = { method: 'POST', path: '/labels', body, success: 201 } as const;
    return write<GiteaLabel>(repositoryOf(repository), { ...call, schema: labelSchema }, signal);
  }

  return {
    listIssueLabels,
    addIssueLabel,
    removeIssueLabel,
    listRepositoryLabels,
    createRepositoryLabel,
  };
}
