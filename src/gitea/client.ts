import { z } from 'zod';

import type { IssueSnapshot } from '../issue/event.ts';
import { keyOf } from '../issue/ref.ts';
import { createCalls, type GiteaPlace, type GiteaRepositoryPlace } from './calls.ts';
import { createHookCalls } from './hooks.ts';
import { pageLimit, readPages } from './pages.ts';
import type { GiteaFound, GiteaWriteReply } from './replies.ts';
import {
  commentSchema,
  issueListSchema,
  labelSchema,
  linkedIssuesSchema,
  repositorySchema,
  userSchema,
  versionSchema,
  type GiteaComment,
  type GiteaLabel,
  type GiteaRepository,
  type GiteaUser,
} from './schemas.ts';
import { tokenRefused, type GiteaAnswer, type GiteaOptions } from './transport.ts';

export type { GiteaPlace, GiteaRepositoryPlace } from './calls.ts';
export type { HookChange, HookOwner } from './hooks.ts';
export type { GiteaFound, GiteaWriteReply } from './replies.ts';
export type { GiteaComment, GiteaHook, GiteaLabel, GiteaRepository } from './schemas.ts';
export type { GiteaOptions, GiteaStatus } from './transport.ts';

export type Gitea = ReturnType<typeof createGitea>;

export interface IssueSearch {
  /** Issues by default. */
  readonly type?: 'issues' | 'pulls';
  /** To the user of the token; else all issues that user may see. */
  readonly assigned: boolean;
  readonly state: 'open' | 'closed' | 'all';
  /** Epoch ms: only what was changed in this second, by Gitea's clock, or later. */
  readonly since?: number | undefined;
  readonly page: number;
  /** Rows of a page, at most what Gitea gives. */
  readonly limit?: number;
}

export interface IssuePage {
  /** Newest first. */
  readonly issues: readonly IssueSnapshot[];
  /** Rows on the page, those left out included: 0 is the end. */
  readonly count: number;
  /** Rows asked for; a server may be set to give fewer. */
  readonly limit: number;
  /** Rows on all pages. */
  readonly total: number | undefined;
}

export interface LinkedIssues {
  readonly issues: readonly IssueSnapshot[];
  /** Further ones, which the token may not read. */
  readonly hidden: number;
}

export interface NewLabel {
  readonly name: string;
  readonly color: string;
  readonly description: string;
  readonly exclusive: boolean;
}

const mostLinkedPages = 10;
const mostLabelPages = 20;

/** Questions that need a scope each which the coordinator has no use for. */
const scopeProbes = ['notifications/new', 'user/orgs', 'admin/cron'];

/**
 * The calls to Gitea, one function each. Every function throws `TryAgainLater` when Gitea does not answer,
 * refuses the token or answers something else than Gitea would; each request within 10 s whatever the
 * server does. What is below a place is found under the repository's present name; whether an old name has
 * passed to another repository only `locate` tells.
 */
export function createGitea(options: GiteaOptions) {
  const calls = createCalls(options);
  const { getIssue, getRepository, getSure, read, write } = calls;

  /** The user the token belongs to. */
  function getUser(signal: AbortSignal): Promise<GiteaUser> {
    return getSure('user', userSchema, signal);
  }

  async function getVersion(signal: AbortSignal): Promise<string> {
    return (await getSure('version', versionSchema, signal)).version;
  }

  /** An issue under its repository's present name, sure to be in the repository with that id. */
  async function locate(place: GiteaPlace, signal: AbortSignal): Promise<GiteaFound<GiteaPlace>> {
    const first = await getIssue(place, signal);
    if (first.kind === 'ok' && first.value.repositoryId === place.repositoryId)
      return { kind: 'ok', value: { ...place, repository: first.value.repository } };
    const present = await getRepository(place.repositoryId, signal);
    if (present.kind !== 'ok') return { kind: 'missing' };
    const { name } = present.value;
    if (first.kind === 'missing' && name.toLowerCase() === place.repository.toLowerCase())
      return first;
    const second = await getIssue({ repository: name, number: place.number }, signal);
    // Renamed once more in between, it is found the next time.
    if (second.kind !== 'ok' || second.value.repositoryId !== place.repositoryId)
      return { kind: 'missing' };
    return { kind: 'ok', value: { ...place, repository: second.value.repository } };
  }

  /** What blocks an issue, closed ones included; missing, too, while dependencies are switched off. */
  function listDependencies(
    place: GiteaPlace,
    signal: AbortSignal,
  ): Promise<GiteaFound<LinkedIssues>> {
    return listLinked(place, 'dependencies', signal);
  }

  /** What an issue blocks. */
  function listBlocks(place: GiteaPlace, signal: AbortSignal): Promise<GiteaFound<LinkedIssues>> {
    return listLinked(place, 'blocks', signal);
  }

  async function listLinked(
    place: GiteaPlace,
    which: 'dependencies' | 'blocks',
    signal: AbortSignal,
  ): Promise<GiteaFound<LinkedIssues>> {
    const reply = await readPages(mostLinkedPages, (query) =>
      read(place, { below: `/${which}?${query}`, schema: linkedIssuesSchema }, signal),
    );
    if (reply.kind === 'missing') return reply;
    const readable = reply.value.filter((issue) => issue !== undefined);
    // A row may come on two pages when one before it has gone in between.
    const issues = new Map(readable.map((issue) => [keyOf(issue), issue]));
    const hidden = reply.value.length - readable.length;
    return { kind: 'ok', value: { issues: [...issues.values()], hidden } };
  }

  /** Issues of all repositories the token sees. Pages shift while issues are created. */
  async function searchIssues(
    { type = 'issues', assigned, state, since, page, limit = pageLimit }: IssueSearch,
    signal: AbortSignal,
  ): Promise<IssuePage> {
    const query = new URLSearchParams({ type, state, limit: String(limit) });
    query.set('page', String(page));
    if (assigned) query.set('assigned', 'true');
    if (since !== undefined) query.set('since', wholeSeconds(since));
    const path = `repos/issues/search?${query.toString()}`;
    const { value, total } = await calls.getPage(path, issueListSchema(type), signal);
    return { issues: value.issues, count: value.rows, limit, total };
  }

  function listComments(
    place: GiteaPlace,
    signal: AbortSignal,
  ): Promise<GiteaFound<GiteaComment[]>> {
    const schema = z.array(commentSchema);
    return read(place, { below: '/comments', schema, takes500: true }, signal);
  }

  function getComment(
    place: GiteaPlace,
    id: number,
    signal: AbortSignal,
  ): Promise<GiteaFound<GiteaComment>> {
    const below = `/issues/comments/${id}`;
    return read(repositoryOf(place), { below, schema: commentSchema }, signal);
  }

  /** Made at most once: after a failure, whether it was made shows only in the list. */
  function createComment(
    place: GiteaPlace,
    body: string,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<GiteaComment>> {
    const call = { method: 'POST', below: '/comments', body: { body }, takes500: true } as const;
    return write(place, { ...call, done: 201, schema: commentSchema }, signal);
  }

  function editComment(
    place: GiteaPlace,
    id: number,
    body: string,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<GiteaComment>> {
    const call = { method: 'PATCH', below: `/issues/comments/${id}`, body: { body } } as const;
    return write(repositoryOf(place), { ...call, done: 200, schema: commentSchema }, signal);
  }

  function listIssueLabels(
    place: GiteaPlace,
    signal: AbortSignal,
  ): Promise<GiteaFound<GiteaLabel[]>> {
    return read(place, { below: '/labels', schema: z.array(labelSchema) }, signal);
  }

  /** Gives the resulting list: Gitea passes over ids it does not know. */
  function addIssueLabel(
    place: GiteaPlace,
    labelId: number,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<GiteaLabel[]>> {
    const call = { method: 'POST', below: '/labels', body: { labels: [labelId] } } as const;
    return write(place, { ...call, done: 200, schema: z.array(labelSchema) }, signal);
  }

  /** Done as well when the issue does not have it. */
  function removeIssueLabel(
    place: GiteaPlace,
    labelId: number,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<undefined>> {
    const call = { method: 'DELETE', below: `/labels/${labelId}` } as const;
    return write(place, { ...call, done: 204, schema: z.undefined() }, signal);
  }

  async function listRepositoryLabels(
    place: GiteaRepositoryPlace,
    signal: AbortSignal,
  ): Promise<GiteaFound<GiteaLabel[]>> {
    const schema = z.array(labelSchema);
    const reply = await readPages(mostLabelPages, (query) =>
      read(repositoryOf(place), { below: `/labels?${query}`, schema }, signal),
    );
    if (reply.kind === 'missing') return reply;
    const labels = new Map(reply.value.map((label) => [label.id, label]));
    return { kind: 'ok', value: [...labels.values()] };
  }

  /** Names are not unique on Gitea: look first. */
  function createRepositoryLabel(
    place: GiteaRepositoryPlace,
    label: NewLabel,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<GiteaLabel>> {
    const { name, color, description, exclusive } = label;
    const body = { name, color, description, exclusive };
    const call = { method: 'POST', below: '/labels', body } as const;
    return write(repositoryOf(place), { ...call, done: 201, schema: labelSchema }, signal);
  }

  /** One page of the repositories the token's user owns or works in; `count` 0 is the end. */
  async function listRepositories(
    page: number,
    signal: AbortSignal,
  ): Promise<{ repositories: readonly GiteaRepository[]; count: number }> {
    const path = `user/repos?page=${page}&limit=${pageLimit}`;
    const repositories = await getSure(path, z.array(repositorySchema), signal);
    return { repositories, count: repositories.length };
  }

  /**
   * Scopes of the token, as a refusal for want of one tells them; `all` for a token that is refused
   * nothing. Undefined when nothing told.
   */
  async function getTokenScopes(signal: AbortSignal): Promise<string[] | undefined> {
    for (const path of scopeProbes) {
      const told = await calls.exchange({ method: 'GET', path }, readScopes, signal);
      if (told !== 'granted') return told;
    }
    return ['all'];
  }

  return {
    ...createHookCalls(calls),
    addIssueLabel,
    close: calls.close,
    createComment,
    createRepositoryLabel,
    editComment,
    getComment,
    getIssue,
    getRepository,
    getTokenScopes,
    getUser,
    getVersion,
    listBlocks,
    listComments,
    listDependencies,
    listIssueLabels,
    listRepositories,
    listRepositoryLabels,
    locate,
    removeIssueLabel,
    searchIssues,
    status: calls.status,
  };
}

function repositoryOf({ repositoryId, repository }: GiteaRepositoryPlace): GiteaRepositoryPlace {
  return { repositoryId, repository };
}

/** Scopes are checked before anything else, so every other answer than that refusal grants this one. */
function readScopes({ status, message }: GiteaAnswer): string[] | 'granted' | undefined {
  const list = /token scope=([\w:,-]*)/.exec(message)?.[1];
  if (list !== undefined) return list.split(',').filter((scope) => scope !== '');
  if (status === 200 || /site admin/i.test(message)) return 'granted';
  if (status === 403) throw tokenRefused(status, message);
  return undefined;
}

function wholeSeconds(epochMs: number): string {
  return new Date(Math.floor(epochMs / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
