import type { HookOwner } from '../../gitea/address.ts';
import type { Gitea } from '../../gitea/client.ts';
import type { GiteaHook, GiteaRepository } from '../../gitea/schemas.ts';
import { unlessRefused } from './check.ts';
import { hint, listNames, ok, warning } from './finding.ts';
import type { CheckResult, DoctorFinding, Outcome } from './finding.ts';
import { classifyHooks, type HookExpectation, type RepositoryHooks } from './classify-hooks.ts';

type HookReader = Pick<Gitea, 'listHooks'>;

interface HooksDeps {
  /** With the token of `--token-file`. */
  readonly admin: Pick<Gitea, 'listHooks' | 'getTokenScopes'> | undefined;
  readonly bot: HookReader;
  readonly repositories: readonly GiteaRepository[];
  readonly expected: HookExpectation;
}

/** Reads the hooks of each repository; a repository whose hooks cannot be read is left out. */
export async function checkHooks(
  { admin: fileReader, bot, repositories, expected }: HooksDeps,
  signal: AbortSignal,
): Promise<CheckResult<readonly RepositoryHooks[]>> {
  // Any call tells: an invalid token is refused by all of them.
  const refusal = fileReader && unlessRefused(fileReader.getTokenScopes(signal), () => 'refused');
  const isRefused = (await refusal) === 'refused';
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
    else
      classified.push({
        repository: name,
        hooks: [
          ...own.map((hook) => ({ hook, owner: name })),
          ...(above ?? []).map((hook) => ({ hook, owner: organization })),
        ],
        incomplete: above === undefined,
      });
  }
  const checked = classified.map((each) => ({ ...each, problems: classifyHooks(each, expected) }));
  const right = checked.filter(({ problems }) => problems.length === 0);
  const rest = isRefused ? refusedToken : describeUnread(unread, admin !== undefined);
  return {
    findings: [
      ...(right.length === 0 ? [] : [{ name: 'hooks', ...describeRight(right) }]),
      ...groupProblems(checked),
      ...(rest === undefined ? [] : [{ name: 'hooks', ...rest }]),
    ],
    value: classified,
  };
}

const refusedToken = warning(
  'Gitea refuses the token of --token-file, so the webhooks were not checked with it.',
  'Put the token of an administrator of the repositories into that file (scopes read:repository, read:organization).',
);

/** Undefined where the token has no right to read them. */
async function readHooks(
  reader: HookReader,
  owner: HookOwner,
  signal: AbortSignal,
): Promise<readonly GiteaHook[] | undefined> {
  const reply = await unlessRefused(reader.listHooks(owner, signal), () => undefined);
  if (reply?.kind === 'ok') return reply.value;
  // The owner is a person and has no organisation hooks.
  return reply !== undefined && 'organization' in owner ? [] : undefined;
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
    return first === undefined ? [] : [{ ...first.finding, name: `hook ${listNames(names)}` }];
  });
}

function describeRight(right: readonly RepositoryHooks[]): Outcome {
  const names = listNames(right.map(({ repository }) => repository));
  return ok(`${names}: one active webhook, JSON, all events.`);
}

function describeUnread(unread: readonly string[], withToken: boolean): Outcome | undefined {
  if (unread.length === 0) return undefined;
  return hint(
    `The webhooks of ${listNames(unread)} were not checked: only an administrator of a repository may read them.`,
    withToken
      ? 'Give --token-file the token of an administrator of it, with the scopes read:repository and read:organization.'
      : 'Give the doctor the token of an administrator in a file: --token-file FILE (scopes read:repository, read:organization).',
  );
}
