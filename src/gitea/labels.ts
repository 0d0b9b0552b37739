import { z } from 'zod';

import { repositoryOf, type IssueAddress, type RepositoryAddress } from './address.ts';
import type { Calls } from './calls.ts';
import { readPages } from './pages.ts';
import type { ReadResult, WriteResult } from './replies.ts';
import { labelSchema, type GiteaLabel } from './schemas.ts';

export interface NewLabel {
  readonly name: string;
  readonly color: string;
  readonly description: string;
  readonly exclusive: boolean;
}

const maxLabelPages = 20;

/** Calls about the labels of an issue and of a repository. */
export function createLabelCalls({ read, write }: Calls) {
  function listIssueLabels(
    issue: IssueAddress,
    signal: AbortSignal,
  ): Promise<ReadResult<GiteaLabel[]>> {
    return read(issue, { path: '/labels', schema: z.array(labelSchema) }, signal);
  }

  /** Returns the resulting list: Gitea ignores ids that it does not know. */
  function addIssueLabel(
    issue: IssueAddress,
    labelId: number,
    signal: AbortSignal,
  ): Promise<WriteResult<GiteaLabel[]>> {
    const call = { method: 'POST', path: '/labels', body: { labels: [labelId] } } as const;
    return write(issue, { ...call, success: 200, schema: z.array(labelSchema) }, signal);
  }

  /** Succeeds as well when the issue does not have the label. */
  function removeIssueLabel(
    issue: IssueAddress,
    labelId: number,
    signal: AbortSignal,
  ): Promise<WriteResult<undefined>> {
    const call = { method: 'DELETE', path: `/labels/${labelId}` } as const;
    return write(issue, { ...call, success: 204, schema: z.undefined() }, signal);
  }

  async function listRepositoryLabels(
    repository: RepositoryAddress,
    signal: AbortSignal,
  ): Promise<ReadResult<GiteaLabel[]>> {
    const schema = z.array(labelSchema);
    const result = await readPages(maxLabelPages, (query) =>
      read(repositoryOf(repository), { path: `/labels?${query}`, schema }, signal),
    );
    if (result.kind === 'missing') return result;
    const labels = new Map(result.value.map((label) => [label.id, label]));
    return { kind: 'ok', value: [...labels.values()] };
  }

  /** Gitea accepts the same name twice: list the labels first. */
  function createRepositoryLabel(
    repository: RepositoryAddress,
    label: NewLabel,
    signal: AbortSignal,
  ): Promise<WriteResult<GiteaLabel>> {
    const { name, color, description, exclusive } = label;
    const body = { name, color, description, exclusive };
    const call = { method: 'POST', path: '/labels', body } as const;
    return write(repositoryOf(repository), { ...call, success: 201, schema: labelSchema }, signal);
  }

  return {
    listIssueLabels,
    addIssueLabel,
    removeIssueLabel,
    listRepositoryLabels,
    createRepositoryLabel,
  };
}
