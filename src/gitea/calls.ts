import type { z } from 'zod';

import type { IssueSnapshot } from '../issue/event.ts';
import type { IssueRef } from '../issue/ref.ts';
import {
  readsValue,
  readsWrite,
  type GiteaFound,
  type GiteaReply,
  type GiteaWriteReply,
  type Outcome,
} from './replies.ts';
import { issueSchema, repositoryName, repositorySchema, type GiteaRepository } from './schemas.ts';
import {
  createTransport,
  unavailable,
  unexpected,
  type GiteaAnswer,
  type GiteaCall,
  type GiteaOptions,
} from './transport.ts';

/** A repository: its id for good, and the name it is thought to have. */
export interface GiteaRepositoryPlace {
  readonly repositoryId: number;
  readonly repository: string;
}

/** An issue, likewise. */
export interface GiteaPlace extends GiteaRepositoryPlace {
  readonly number: number;
}

export interface ReadCall<T> {
  /** Appended to the path of the issue, or of the repository where the place has no number. */
  readonly below: string;
  readonly schema: z.ZodType<T>;
  /** Gitea answers 500 when there is no such issue. */
  readonly takes500?: boolean;
}

export interface WriteCall<T> extends ReadCall<T> {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly body?: object;
  /** The one status that says it was done. */
  readonly done: number;
}

/** A repository of which only the name is known. */
export interface GiteaRepositoryName {
  readonly repository: string;
}

export interface GiteaOrganization {
  readonly organization: string;
}

/** What a call may be about. */
type Subject = GiteaPlace | GiteaRepositoryPlace | GiteaRepositoryName | GiteaOrganization;

export type Calls = ReturnType<typeof createCalls>;

/** What all endpoints share: how a place becomes a path, and what a rename and a vague 500 mean. */
export function createCalls(options: GiteaOptions) {
  const { exchange, failed, status, close } = createTransport(options);

  /** An issue, or a pull request, which counts as an issue nobody is assigned to. */
  async function getIssue(ref: IssueRef, signal: AbortSignal): Promise<GiteaReply<IssueSnapshot>> {
    const path = repositoryPath(ref.repository);
    if (path === undefined) return { kind: 'missing' };
    return get(`repos/${path}/issues/${ref.number}`, issueSchema, signal);
  }

  /** A repository by its id, under whatever name it has now, or by its name. */
  async function getRepository(
    idOrName: number | string,
    signal: AbortSignal,
  ): Promise<GiteaReply<GiteaRepository>> {
    if (typeof idOrName === 'number')
      return get(`repositories/${idOrName}`, repositorySchema, signal);
    const path = repositoryPath(idOrName);
    if (path === undefined) return { kind: 'missing' };
    return get(`repos/${path}`, repositorySchema, signal);
  }

  async function get<T>(
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<GiteaReply<T>> {
    const reply = await exchange({ method: 'GET', path }, readsValue(schema), signal);
    if (reply.kind === 'ok' || reply.kind === 'missing' || reply.kind === 'moved') return reply;
    throw failed(unexpected('gave no answer to a question'));
  }

  /** Reads what is there on every Gitea. */
  async function getSure<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const reply = await get(path, schema, signal);
    if (reply.kind === 'ok') return reply.value;
    throw failed(unexpected('does not know the path of its API'));
  }

  /** A page of what is there on every Gitea, and how many rows all pages have. */
  async function getPage<T>(
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<{ value: T; total: number | undefined }> {
    const readAnswer = readsValue(schema);
    const { outcome, total } = await exchange(
      { method: 'GET', path },
      (answer) => ({ outcome: readAnswer(answer), total: answer.total }),
      signal,
    );
    if (outcome.kind === 'ok') return { value: outcome.value, total };
    throw failed(unexpected('does not know the path of its API'));
  }

  async function read<T>(
    subject: Subject,
    { below, schema, takes500 = false }: ReadCall<T>,
    signal: AbortSignal,
  ): Promise<GiteaFound<T>> {
    const call = { method: 'GET', path: below, takes500 } as const;
    const outcome = await callBelow(subject, call, readsValue(schema), signal);
    if (outcome.kind !== 'refused') return outcome;
    throw failed(unexpected('refuses a question'));
  }

  function write<T>(
    subject: Subject,
    { below, schema, done, ...call }: WriteCall<T>,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<T>> {
    return callBelow(subject, { ...call, path: below }, readsWrite(done, schema), signal);
  }

  /**
   * Makes a call below a subject. A 301 means that Gitea did nothing, since the repository's name is an
   * old one: the present one is looked up by the id, and the call made once more under it.
   */
  async function callBelow<T>(
    subject: Subject,
    call: GiteaCall,
    readAnswer: (answer: GiteaAnswer) => Outcome<T>,
    signal: AbortSignal,
  ): Promise<GiteaWriteReply<T>> {
    const first = await callOnce(subject, call, readAnswer, signal);
    if (first.kind !== 'moved') return first;
    const repository = await presentName(subject, first.to, signal);
    if (repository === undefined) return { kind: 'missing' };
    const second = await callOnce({ ...subject, repository }, call, readAnswer, signal);
    if (second.kind !== 'moved') return second;
    throw failed(unexpected('redirects from the present name of a repository'));
  }

  async function presentName(
    subject: Subject,
    told: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    // Asked for by a name only, a repository is what Gitea says that name stands for.
    if (!('repositoryId' in subject)) return told;
    const present = await getRepository(subject.repositoryId, signal);
    return present.kind === 'ok' ? present.value.name : undefined;
  }

  async function callOnce<T>(
    subject: Subject,
    call: GiteaCall,
    readAnswer: (answer: GiteaAnswer) => Outcome<T>,
    signal: AbortSignal,
  ): Promise<Exclude<Outcome<T>, { kind: 'undecided' }>> {
    const base = pathOf(subject);
    if (base === undefined) return { kind: 'missing' };
    const outcome = await exchange({ ...call, path: `${base}${call.path}` }, readAnswer, signal);
    if (outcome.kind !== 'undecided') return outcome;
    if ('number' in subject && (await getIssue(subject, signal)).kind === 'missing')
      return { kind: 'missing' };
    throw failed(unavailable(500));
  }

  return {
    close,
    exchange,
    getIssue,
    getPage,
    getRepository,
    getSure,
    read,
    status,
    write,
  };
}

/** Undefined for what has no path: it must not reach a URL. */
function pathOf(subject: Subject): string | undefined {
  if ('organization' in subject) {
    const segment = encodeSegments(subject.organization);
    return segment === undefined || segment.includes('/') ? undefined : `orgs/${segment}`;
  }
  const name = repositoryPath(subject.repository);
  if (name === undefined) return undefined;
  return 'number' in subject ? `repos/${name}/issues/${subject.number}` : `repos/${name}`;
}

function repositoryPath(name: string): string | undefined {
  return repositoryName.safeParse(name).success ? encodeSegments(name) : undefined;
}

function encodeSegments(path: string): string | undefined {
  const segments = path.split('/');
  if (segments.some((segment) => !/^(?!\.{1,2}$)[\w.-]+$/.test(segment))) return undefined;
  return segments.map(encodeURIComponent).join('/');
}
