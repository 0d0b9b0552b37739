import type { IssueSnapshot } from '../issue/event.ts';
import type { IssueRef } from '../issue/ref.ts';
import type { Address } from './address.ts';
import type { Lookups } from './lookups.ts';
import type { LookupResult } from './replies.ts';
import type { GiteaRepository } from './schemas.ts';

/**
 * A repository keeps its id, but not its name: it can be renamed, and its old name can pass to another
 * repository. Everything that follows such a rename is here.
 */
export interface ResolveLookups extends Pick<Lookups, 'getIssue'> {
  readonly getRepository: (
    idOrName: number | string,
    signal: AbortSignal,
  ) => Promise<LookupResult<Pick<GiteaRepository, 'id' | 'name' | 'hasIssues'>>>;
}

/** An issue to find; without an id, only the name of its repository is known. */
export type IssueToResolve = IssueRef & { readonly repositoryId: number | undefined };

/** `unreadable`: the repository is gone, or the token may not read its issues. */
export type ResolvedIssue =
  | { readonly kind: 'found'; readonly issue: IssueSnapshot }
  /** The repository can be read; `repository` is its present name. */
  | { readonly kind: 'missing'; readonly repository: string; readonly repositoryId: number }
  | { readonly kind: 'unreadable' };

/** Finds an issue under the present name of its repository, and never in another repository. */
export async function resolveIssue(
  { getIssue, getRepository }: ResolveLookups,
  wanted: IssueToResolve,
  signal: AbortSignal,
): Promise<ResolvedIssue> {
  const first = await getIssue(wanted, signal);
  if (isWanted(first, wanted)) return { kind: 'found', issue: first.value };
  // Renamed, gone, not readable for the token, or the name has passed to another repository.
  const name = first.kind === 'moved' ? first.to : wanted.repository;
  const idOrName = wanted.repositoryId ?? name;
  if (idOrName === undefined) return { kind: 'unreadable' };
  const repository = await getRepository(idOrName, signal);
  if (repository.kind !== 'ok') return { kind: 'unreadable' };
  const { id: repositoryId, name: presentName, hasIssues } = repository.value;
  const isSameName = presentName.toLowerCase() === wanted.repository.toLowerCase();
  const second =
    isSameName && first.kind === 'missing'
      ? first
      : await getIssue({ ...wanted, repository: presentName }, signal);
  // Renamed once more in between, it is found the next time.
  if (isWanted(second, wanted)) return { kind: 'found', issue: second.value };
  if (second.kind !== 'missing' || !hasIssues) return { kind: 'unreadable' };
  return { kind: 'missing', repositoryId, repository: presentName };
}

/**
 * Finds the issues of one handling or pass. Each repository is asked about once, and none of the issues of one
 * that cannot be read: a text may name a hundred of them.
 */
export function createResolver(lookups: ResolveLookups) {
  const repositories = new Map<number | string, ReturnType<ResolveLookups['getRepository']>>();
  const unreadable = new Set<string>();
  const getRepository: ResolveLookups['getRepository'] = (idOrName, signal) => {
    const key = typeof idOrName === 'number' ? idOrName : idOrName.toLowerCase();
    const asked = repositories.get(key) ?? lookups.getRepository(idOrName, signal);
    repositories.set(key, asked);
    return asked;
  };
  return async (wanted: IssueToResolve, signal: AbortSignal): Promise<ResolvedIssue> => {
    const key = `${wanted.repositoryId ?? ''} ${wanted.repository.toLowerCase()}`;
    if (unreadable.has(key)) return { kind: 'unreadable' };
    const getIssue: ResolveLookups['getIssue'] = (ref, stop) => lookups.getIssue(ref, stop);
    const found = await resolveIssue({ getIssue, getRepository }, wanted, signal);
    if (found.kind === 'unreadable') unreadable.add(key);
    return found;
  };
}

/** The present name of a repository after Gitea answered a call with a redirect. */
export async function presentName(
  { getRepository }: Pick<ResolveLookups, 'getRepository'>,
  { address, redirectedTo }: { address: Address; redirectedTo: string | undefined },
  signal: AbortSignal,
): Promise<string | undefined> {
  // Without an id, the repository is the one that Gitea redirects its name to.
  if (!('repositoryId' in address)) return redirectedTo;
  const repository = await getRepository(address.repositoryId, signal);
  return repository.kind === 'ok' ? repository.value.name : undefined;
}

function isWanted(
  result: LookupResult<IssueSnapshot>,
  { repositoryId }: IssueToResolve,
): result is { kind: 'ok'; value: IssueSnapshot } {
  return (
    result.kind === 'ok' &&
    (repositoryId === undefined || result.value.repositoryId === repositoryId)
  );
}
