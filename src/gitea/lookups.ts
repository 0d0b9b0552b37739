import type { z } from 'zod';

import type { IssueRef } from '../issue/ref.ts';
import { repositoryPath } from './address.ts';
import { readsValue, type LookupResult } from './replies.ts';
import { issueSchema, repositorySchema, type GiteaRepository } from './schemas.ts';
import { unexpected, type GiteaAnswer, type Transport } from './transport.ts';

export type Lookups = ReturnType<typeof createLookups>;

/** GET requests that do not follow a renamed repository: a redirect is one of their results. */
export function createLookups({ exchange, failed }: Transport) {
  async function get<T>(
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<LookupResult<T>> {
    const result = await exchange({ method: 'GET', path }, readsValue(schema), signal);
    if (result.kind === 'ok' || result.kind === 'missing' || result.kind === 'moved') return result;
    throw failed(unexpected('gave no answer to a question'));
  }

  /** Reads a resource that every Gitea has. */
  async function getRequired<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal) {
    return (await getRequiredPage(path, schema, signal)).value;
  }

  /** Reads a page of a list that every Gitea has; `total` is the number of rows on all pages. */
  async function getRequiredPage<T>(
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<{ value: T; total: number | undefined }> {
    const readPage = (answer: GiteaAnswer) => [readsValue(schema)(answer), answer.total] as const;
    const [result, total] = await exchange({ method: 'GET', path }, readPage, signal);
    if (result.kind === 'ok') return { value: result.value, total };
    throw failed(unexpected('does not know the path of its API'));
  }

  /** An issue, or a pull request, which counts as an issue without assignees. */
  async function getIssue(ref: IssueRef, signal: AbortSignal) {
    const path = repositoryPath(ref.repository);
    if (path === undefined) return { kind: 'missing' } as const;
    return get(`${path}/issues/${ref.number}`, issueSchema, signal);
  }

  /** A repository by its id, under its present name, or by a name. */
  async function getRepository(
    idOrName: number | string,
    signal: AbortSignal,
  ): Promise<LookupResult<GiteaRepository>> {
    const path =
      typeof idOrName === 'number' ? `repositories/${idOrName}` : repositoryPath(idOrName);
    if (path === undefined) return { kind: 'missing' };
    return get(path, repositorySchema, signal);
  }

  return { getRequired, getRequiredPage, getIssue, getRepository };
}
