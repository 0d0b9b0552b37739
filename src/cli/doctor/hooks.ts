import type { Gitea } from '../../gitea/client.ts';
import type { GiteaHook, GiteaRepository } from '../../gitea/schemas.ts';
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

/** Reads the hooks of each repository; a repository whose hooks cannot be read is left out. */
export async function checkHooks(
  { admin: fileReader, bot, repositories, expected }: HooksDeps,
  signal: AbortSignal,
): Promise<CheckResult<readonly RepositoryHooks[]>> {
  const isRefused = fileReader !== undefined && !(await isAccepted(fileReader, signal));
  const admin = isRefused ? undefined : fileReader;
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
  const checked = classified.map((each) => ({ ...each, problems: classifyHooks(each, expected) }));
  const right = checked.filter(({ problems }) => problems.length === 0);
  return {
    findings: [
      ...rightFinding(right),
      ...groupProblems(checked),
      ...(isRefused ? [refusedFinding] : unreadFinding(unread, admin !== undefined)),
    ],
    value: classified,
  };
}

/** Any call tells: an invalid token is refused by all of them. */
async function isAccepted(admin: AdminReader, signal: AbortSignal): Promise<boolean> {
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
  text: 'Gitea refuses the token of --token-file, so the webhooks were not checked with it.',
  cure: 'Put the token of an administrator of the repositories into that file (scopes read:repository, read:organization).',
};

/** Undefined where the token has no right to read them. */
async function readHooks(
  reader: HookReader,
  owner: { readonly repository: string } | { readonly organization: string },
  signal: AbortSignal,
): Promise<readonly GiteaHook[] | undefined> {
  try {
    const reply = await reader.listHooks(owner, signal);
    if (reply.kind === 'ok') return reply.value;
    // The owner is a person and has no organisation hooks.
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

/** Reports a problem of several repositories once: a hook of their organisation serves them all. */
function groupProblems(
  checked: readonly { readonly repository: string; readonly problems: readonly DoctorFinding[] }[],
): DoctorFinding[] {
  const all = checked.flatMap(({ repository, problems }) =>
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
  const text = `${listed(right.map(({ repository }) => repository))}: one active webhook, JSON, all events.`;
  return [{ name: 'hooks', mark: 'ok', text }];
}

function unreadFinding(unread: readonly string[], withToken: boolean): DoctorFinding[] {
  if (unread.length === 0) return [];
  return [
    {
      name: 'hooks',
      mark: 'hint',
      text: `The webhooks of ${listed(unread)} were not checked: only an administrator of a repository may read them.`,
      cure: withToken
        ? 'Give --token-file the token of an administrator of it, with the scopes read:repository and read:organization.'
        : 'Give the doctor the token of an administrator in a file: --token-file FILE (scopes read:repository, read:organization).',
    },
  ];
}

function listed(names: readonly string[]): string {
  const more = names.length - shownNames;
  return `${names.slice(0, shownNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
