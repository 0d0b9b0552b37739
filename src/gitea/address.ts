import { repositoryName } from './schemas.ts';

/** A repository: its permanent id, and its last known name. */
export interface RepositoryAddress {
  readonly repositoryId: number;
  readonly repository: string;
}

/** An issue, or a pull request, in such a repository. */
export interface IssueAddress extends RepositoryAddress {
  readonly number: number;
}

/** The owner of hooks: a repository of which only the name is known, or an organisation. */
export type HookOwner = { readonly repository: string } | { readonly organization: string };

export type Address = IssueAddress | RepositoryAddress | HookOwner;

/** The path of an address below `/api/v1/`; undefined for a name that must not reach a URL. */
export function pathOf(address: Address): string | undefined {
  if ('organization' in address) {
    const segment = encodeSegments(address.organization);
    return segment === undefined || segment.includes('/') ? undefined : `orgs/${segment}`;
  }
  const repository = repositoryPath(address.repository);
  if (repository === undefined || !('number' in address)) return repository;
  return `${repository}/issues/${address.number}`;
}

/** The repository of an issue, without the issue's number. */
export function repositoryOf({ repositoryId, repository }: RepositoryAddress): RepositoryAddress {
  return { repositoryId, repository };
}

export function repositoryPath(name: string): string | undefined {
  if (!repositoryName.safeParse(name).success) return undefined;
  const segments = encodeSegments(name);
  return segments === undefined ? undefined : `repos/${segments}`;
}

function encodeSegments(path: string): string | undefined {
  const segments = path.split('/');
  if (segments.some((segment) => !/^(?!\.{1,2}$)[\w.-]+$/.test(segment))) return undefined;
  return segments.map(encodeURIComponent).join('/');
}
