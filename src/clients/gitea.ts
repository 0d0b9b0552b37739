import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { TryAgainLater } from '../errors.ts';
import { keptText, type IssueSnapshot } from '../issue/event.ts';
import { withoutOwnLabels } from '../issue/own-marks.ts';
import type { IssueRef } from '../issue/ref.ts';
import { parseJson } from './parse-json.ts';

export interface GiteaOptions {
  /** The only place ever called; a sub-path is allowed. */
  readonly baseUrl: string;
  readonly token: string;
  readonly now: () => number;
  /** Longest a call takes as a whole, its retry included. */
  readonly timeoutMs?: number;
}

/**
 * `missing`: 404, which Gitea also answers for what the token may not see. `moved`: the repository goes
 * by another name now, `to` if the answer tells it.
 */
export type GiteaReply<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'missing' }
  | { readonly kind: 'moved'; readonly to: string | undefined };

export interface GiteaRepository {
  readonly name: string;
  /** False while issues are switched off: then every issue of it is a 404. */
  readonly hasIssues: boolean;
}

/** For health; `lastError` is the code of the latest call's failure. */
export interface GiteaStatus {
  readonly lastSuccess: string | null;
  readonly lastError: string | null;
}

const defaultTimeoutMs = 10_000;
/** As much as a delivery may have: an issue that could be delivered can be read back. */
const largestReply = 16 * 1024 * 1024;
const retryPauseMs = 200;
/** Longer waits are the inbox's: they survive a restart and keep no worker busy. */
const longestRetryPauseMs = 2_000;

const repositoryName = z.string().regex(/^[\w.-]+\/[\w.-]+$/);

/** The keys we use. */
const issueSchema = z
  .object({
    number: z.int().positive(),
    title: z.string(),
    body: z.string().nullish(),
    state: z.enum(['open', 'closed']),
    assignees: z.array(z.object({ login: z.string() })).nullish(),
    labels: z.array(z.object({ name: z.string() })).nullish(),
    updated_at: z.iso.datetime({ offset: true }),
    pull_request: z.looseObject({}).nullish(),
    repository: z.object({ id: z.int().positive(), full_name: repositoryName }),
  })
  .transform(snapshotOf);

const repositorySchema = z
  .object({ full_name: repositoryName, has_issues: z.boolean().default(true) })
  .transform(({ full_name: name, has_issues: hasIssues }) => ({ name, hasIssues }));

const userSchema = z.object({ login: z.string().min(1) });

interface RawIssue {
  readonly number: number;
  readonly title: string;
  readonly body?: string | null | undefined;
  readonly state: 'open' | 'closed';
  readonly assignees?: readonly { login: string }[] | null | undefined;
  readonly labels?: readonly { name: string }[] | null | undefined;
  readonly updated_at: string;
  readonly pull_request?: object | null | undefined;
  readonly repository: { readonly id: number; readonly full_name: string };
}

/**
 * Reads from Gitea. Every function throws `TryAgainLater` when Gitea does not answer, refuses the token or
 * answers something else than Gitea would; within 10 s whatever the server does.
 */
export function createGitea({ baseUrl, token, now, timeoutMs }: GiteaOptions) {
  let status: GiteaStatus = { lastSuccess: null, lastError: null };

  /** An issue, or a pull request, which counts as an issue nobody is assigned to. */
  function getIssue(ref: IssueRef, signal: AbortSignal): Promise<GiteaReply<IssueSnapshot>> {
    const path = repositoryPath(ref.repository);
    if (path === undefined) return Promise.resolve({ kind: 'missing' });
    return get(`repos/${path}/issues/${ref.number}`, issueSchema, signal);
  }

  /** A repository by its id, under whatever name it has now, or by its name. */
  function getRepository(
    idOrName: number | string,
    signal: AbortSignal,
  ): Promise<GiteaReply<GiteaRepository>> {
    if (typeof idOrName === 'number')
      return get(`repositories/${idOrName}`, repositorySchema, signal);
    const path = repositoryPath(idOrName);
    if (path === undefined) return Promise.resolve({ kind: 'missing' });
    return get(`repos/${path}`, repositorySchema, signal);
  }

  /** Login of the user the token belongs to. */
  async function getUser(signal: AbortSignal): Promise<string> {
    const reply = await get('user', userSchema, signal);
    if (reply.kind === 'ok') return reply.value.login;
    const failure = unexpected('does not know the path of its API');
    status = { ...status, lastError: failure.code };
    throw failure;
  }

  async function get<T>(
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<GiteaReply<T>> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs ?? defaultTimeoutMs)]);
    try {
      const reply = await readReply(await requestTwice(path, deadline), schema);
      status = { lastSuccess: new Date(now()).toISOString(), lastError: null };
      return reply;
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error, deadline);
      status = { ...status, lastError: failure.code };
      throw failure;
    }
  }

  /** One more try for what passes at once, such as a connection that was closed while it idled. */
  async function requestTwice(path: string, deadline: AbortSignal): Promise<Response> {
    const first = await request(path, deadline).catch(() => undefined);
    if (first !== undefined && !isPassing(first.status)) return first;
    deadline.throwIfAborted();
    await first?.body?.cancel();
    await sleep(pauseMs(first), undefined, { signal: deadline });
    return request(path, deadline);
  }

  function request(path: string, signal: AbortSignal): Promise<Response> {
    return fetch(`${baseUrl}/api/v1/${path}`, {
      headers: { accept: 'application/json', authorization: `token ${token}` },
      // Followed, it would take the token to wherever the answer points.
      redirect: 'manual',
      signal,
    });
  }

  return { getIssue, getRepository, getUser, status: () => status };
}

/** Undefined for what no repository can be called: it must not reach a URL. */
function repositoryPath(name: string): string | undefined {
  if (!repositoryName.safeParse(name).success) return undefined;
  const segments = name.split('/');
  if (segments.some((segment) => segment === '.' || segment === '..')) return undefined;
  return segments.map(encodeURIComponent).join('/');
}

function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function pauseMs(response: Response | undefined): number {
  const seconds = Number(response?.headers.get('retry-after') ?? '');
  const wanted = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : retryPauseMs;
  return Math.min(wanted, longestRetryPauseMs);
}

async function readReply<T>(response: Response, schema: z.ZodType<T>): Promise<GiteaReply<T>> {
  const { status } = response;
  if (status !== 200) {
    await response.body?.cancel();
    if (status === 404) return { kind: 'missing' };
    if (status >= 300 && status < 400) return moved(response);
    throw statusFailure(status);
  }
  const parsed = schema.safeParse(parseJson(await readText(response)));
  if (!parsed.success) throw unexpected('sent an answer that is not one of its API');
  return { kind: 'ok', value: parsed.data };
}

/** Only the name is taken from where the answer points; the rest of the URL stays ours. */
function moved(response: Response): { kind: 'moved'; to: string | undefined } {
  const location = response.headers.get('location') ?? '';
  const name = /\/api\/v1\/repos\/([\w.-]+\/[\w.-]+?)(?:\/issues\/\d+)?$/.exec(location)?.[1];
  if (name === undefined) throw unexpected('redirects elsewhere');
  return { kind: 'moved', to: name };
}

async function readText(response: Response): Promise<string> {
  const body: AsyncIterable<Uint8Array> | Uint8Array[] = response.body ?? [];
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the rest of the body.
    if (size > largestReply)
      throw new TryAgainLater('gitea_oversized', 'Gitea sent an answer of more than 16 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function statusFailure(status: number): TryAgainLater {
  if (status === 401 || status === 403) {
    const message = `Gitea refused the token (${status}): check GITEA_TOKEN and its scopes.`;
    return new TryAgainLater('gitea_auth', message);
  }
  if (isPassing(status))
    return new TryAgainLater('gitea_unavailable', `Gitea answered with status ${status}.`);
  return unexpected(`answered with status ${status}`);
}

function unexpected(what: string): TryAgainLater {
  return new TryAgainLater('gitea_unexpected', `Gitea ${what}: check GITEA_URL.`);
}

function failureOf(error: unknown, deadline: AbortSignal): TryAgainLater {
  if (error instanceof TryAgainLater) return error;
  if (deadline.aborted)
    return new TryAgainLater('gitea_timeout', 'Gitea did not answer in time.', { cause: error });
  return new TryAgainLater('gitea_unreachable', 'Gitea cannot be reached.', { cause: error });
}

function snapshotOf(issue: RawIssue): IssueSnapshot {
  const isPull = issue.pull_request != null;
  return {
    repositoryId: issue.repository.id,
    repository: issue.repository.full_name,
    number: issue.number,
    ...keptText(issue.title, issue.body),
    open: issue.state === 'open',
    assignees: isPull ? [] : (issue.assignees ?? []).map(({ login }) => login),
    labels: withoutOwnLabels((issue.labels ?? []).map(({ name }) => name)),
    updatedAt: Math.max(0, Date.parse(issue.updated_at)),
  };
}
