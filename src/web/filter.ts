import { z } from 'zod';

import type { Caller } from '../api/roles.ts';
import { states, type State } from '../issue/state.ts';
import { readSearch, maxSearchLength, type IssueSearch } from '../plans/issue-search.ts';
import type { LineFilter } from '../plans/issue-lines.ts';
import { findRepositoryId } from '../plans/repository-names.ts';
import type { WebDeps } from './web.ts';

/** Where a list begins anew because its cursor is not one that it gave out. */
export const unknownCursor = 'This page of the list is not known: here is the newest.';

/** A query of a form has empty values for what was not chosen. */
const text = (max: number) => z.string().trim().max(max).catch('');
const querySchema = z.object({
  repository: text(300),
  agent: text(100),
  q: text(maxSearchLength),
  state: z.enum(states).optional().catch(undefined),
  cursor: text(200),
});

/** What a visitor chose in the form of a list; empty: anything. Values that make no sense count as empty. */
export interface Choice {
  readonly repository: string;
  readonly agent: string;
  readonly q: string;
  readonly state: State | undefined;
  readonly cursor: string;
}

export function readChoice(query: unknown): Choice {
  const { data } = querySchema.safeParse({ ...nothing, ...(isRecord(query) ? query : {}) });
  return data === undefined ? { ...nothing, state: undefined } : { ...data, state: data.state };
}

/** What of a query cannot be understood, in a sentence each: silence would look like an answer. */
export function troubleOf(query: unknown): string | undefined {
  if (!isRecord(query)) return undefined;
  const sentences = readers.flatMap(([name, reader, sentence]) => {
    const value = query[name];
    return value === undefined || value === '' || reader.safeParse(value).success ? [] : [sentence];
  });
  return sentences.length === 0 ? undefined : sentences.join(' ');
}

const readers = [
  [
    'q',
    z.string().trim().max(maxSearchLength),
    `The search is longer than ${maxSearchLength} characters: here is all.`,
  ],
  ['state', z.enum(states), 'There is no such state: here are all.'],
  ['repository', z.string().trim().max(300), 'There is no such repository: here are all.'],
  ['agent', z.string().trim().max(100), 'There is no such agent: here are all.'],
  ['cursor', z.string().trim().max(200), unknownCursor],
] as const;

const nothing = { repository: '', agent: '', q: '', cursor: '' };

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The choice as conditions of queries, within what the caller may see. */
export async function filterOf(
  { store }: Pick<WebDeps, 'store'>,
  { repositories: scope, agents }: Caller,
  { repository, agent, q }: Choice,
): Promise<{ readonly filter: LineFilter; readonly search: IssueSearch | undefined }> {
  const repositoryId =
    repository === '' ? undefined : ((await findRepositoryId(store.db, repository)) ?? -1);
  return {
    filter: { scope, agents, repositoryId, agent: agent === '' ? undefined : agent },
    search: await readSearch(store.db, q),
  };
}

/** A path with what was chosen in its query. */
export function pathWith(path: string, choice: Partial<Choice>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(choice))
    if (value !== undefined && value !== '') query.set(name, value);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
