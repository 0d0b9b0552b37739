import type { Gitea, GiteaHook, GiteaRepository } from '../../gitea/client.ts';
import { TryAgainLater } from '../../errors.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';
import {
  classifyHooks,
  type HookExpectation,
  type RepositoryHooks,
  type OwnedHook,
} from './classify-hooks.ts';

type HookReader = Pick<Gitea, 'listHooks'>;
type AdminReader = Pick<Gitea, 'listHooks' | 'getTokenScopes'>;

interface HooksDeps {
  /** With the token of `--token-file`. */
  readonly admin: AdminReader | undefined;
  readonly bot: HookReader;
  readonly repositories: readonly GiteaRepository[];
  readonly expected: HookExpectation;
}

/** The hooks that serve each repository; a repository is left out where they could not be looked at. */
export async function checkHooks(
  { admin: given, bot, repositories, expected }: HooksDeps,
  signal: AbortSignal,
): Promise<CheckResult<readonly RepositoryHooks[]>> {
  const isRefused = given !== undefined && !(await isTaken(given, signal));
  const admin = isRefused ? undefined : given;
  const served = repositories.filter(({ archived, hasIssues }) => !archived && hasIssues);
  const organizations = new Map<string, Promise<readonly GiteaHook[] | undefined>>();
  const classified: RepositoryHooks[] = [];
  const unread: string[] = [];
  for (const { name, permissions } of served) {
    const reader = admin ?? (permissions.admin ? bot : undefined);
    if (reader === undefined) {
      unread.push(name);
      continue;
    }
    const own = await readHooks(reader, { repository: name }, signal);
    const [organization = ''] = name.split('/');
    const shared = organizations.get(organization) ?? readHooks(reader, { organization }, signal);
    organizations.set(organization, shared);
    const above = await shared;
    if (own === undefined) unread.push(name);
    else classified.push(hooksOf(name, own, above));
  }
  const looked = classified.map((each) => ({ ...each, problems: classifyHooks(each, expected) }));
  const right = looked.filter(({ problems }) => problems.length === 0);
  return {
    findings: [
      ...rightFinding(right),
      ...together(looked),
      ...(isRefused ? [refusedFinding] : unreadFinding(unread, admin !== undefined)),
    ],
    value: classified,
  };
}

/** Whatever it may do: a token that is none is refused by every call. */
async function isTaken(admin: AdminReader, signal: AbortSignal): Promise<boolean> {
  try {
    await admin.getTokenScopes(signal);
    return true;
  } catch (error) {
    if (error instanceof TryAgainLater && error.code === 'gitea_auth') return false;
    throw error;
  }
}

const refusedFinding: DoctorFinding = {
  name: 'hooks',
  mark: 'warning',
  text: 'Gitea does not take the token of --token-file, so hooks were not looked at with it.',
  cure: 'Put a token of somebody who administers the repositories into that file (scopes read:repository, read:organization).',
};

/** Undefined where the token may not look. */
async function readHooks(
  reader: HookReader,
  owner: { readonly repository: string } | { readonly organization: string },
  signal: AbortSignal,
): Promise<readonly GiteaHook[] | undefined> {
  try {
    const reply = await reader.listHooks(owner, signal);
    if (reply.kind === 'ok') return reply.value;
    // The owner is a person, who has no hooks of this kind.
    return 'organization' in owner ? [] : undefined;
  } catch (error) {
    if (error instanceof TryAgainLater && error.code === 'gitea_auth') return undefined;
    throw error;
  }
}

function hooksOf(
  repository: string,
  own: readonly GiteaHook[],
  above: readonly GiteaHook[] | undefined,
): RepositoryHooks {
  const [organization = ''] = repository.split('/');
  const hooks: OwnedHook[] = [
    ...own.map((hook) => ({ hook, owner: repository })),
    ...(above ?? []).map((hook) => ({ hook, owner: organization })),
  ];
  return { repository, hooks, incomplete: above === undefined };
}

/** The same about several repositories is said once: a hook of their organisation serves them all. */
function together(
  looked: readonly { readonly repository: string; readonly problems: readonly DoctorFinding[] }[],
): DoctorFinding[] {
  const all = looked.flatMap(({ repository, problems }) =>
    problems.map((finding) => ({ repository, finding })),
  );
  const groups = Map.groupBy(all, ({ finding: { mark, text, cure } }) =>
    JSON.stringify([mark, text, cure]),
  );
  return [...groups.values()].flatMap((same) => {
    const [first] = same;
    const names = same.map(({ repository }) => repository);
    return first === undefined ? [] : [{ ...first.finding, name: `hook ${listed(names)}` }];
  });
}

const shownNames = 5;

function rightFinding(right: readonly RepositoryHooks[]): DoctorFinding[] {
  if (right.length === 0) return [];
  const text = `${listed(right.map(({ repository }) => repository))}: one active hook, JSON, all events.`;
  return [{ name: 'hooks', mark: 'ok', text }];
}

function unreadFinding(unread: readonly string[], withToken: boolean): DoctorFinding[] {
  if (unread.length === 0) return [];
  return [
    {
      name: 'hooks',
      mark: 'hint',
      text: `Those of ${listed(unread)} were not looked at: only who administers a repository may.`,
      cure: withToken
        ? 'Give --token-file a token of somebody who administers it, with the scopes read:repository and read:organization.'
        : 'Give the doctor the token of somebody who administers them, in a file: --token-file FILE (scopes read:repository, read:organization).',
    },
  ];
}

function listed(names: readonly string[]): string {
  const more = names.length - shownNames;
  return `${names.slice(0, shownNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
