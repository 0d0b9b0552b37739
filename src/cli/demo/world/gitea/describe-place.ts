import { describeEntry } from './describe-entry.ts';
import { findRepository, type GiteaState, type Repository } from './state.ts';

/** Shortest beginning of a hash that names a commit. */
const minDigits = 7;

type Describe = (
  repository: Repository,
  ...parts: readonly string[]
) => readonly string[] | undefined;

/** Pages of a repository, by the end of their path. */
const pages: readonly (readonly [pattern: RegExp, describe: Describe])[] = [
  [/^$/, describeRepository],
  [
    /^\/(?:issues|pulls)\/(\d+)$/,
    (repository, number) => describeEntry(repository, Number(number)),
  ],
  [/^\/commit\/([0-9a-f]+)$/, describeCommit],
  [/^\/src\/commit\/([0-9a-f]+)\/(.+)$/, describeFile],
];

/** What a link to this Gitea leads to, as plain text for people; undefined when there is no such page. */
export function describePlace(state: GiteaState, pathname: string): string | undefined {
  const lines = pathname === '/' ? describeAll(state) : describeIn(state, pathname);
  return lines && `${lines.join('\n')}\n`;
}

function describeAll({ repositories }: GiteaState): readonly string[] {
  return ['The Gitea of the demo has these repositories:', ...repositories.map(({ name }) => name)];
}

function describeIn(state: GiteaState, pathname: string): readonly string[] | undefined {
  const [, name, rest = ''] = /^\/([^/]+\/[^/]+)(.*)$/.exec(decoded(pathname)) ?? [];
  if (name === undefined) return undefined;
  const repository = findRepository(state, name);
  if (repository === undefined) return describeForeign(name);
  for (const [pattern, describe] of pages) {
    const match = pattern.exec(rest);
    if (match !== null) return describe(repository, ...match.slice(1));
  }
  return undefined;
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** Somebody wrote of a repository that the bot cannot see; a person may. */
function describeForeign(name: string): readonly string[] {
  return [
    `${name} is a repository that the bot of the demo cannot see.`,
    'Whether its issues are open is unknown to the service, so what waits for them stays blocked.',
  ];
}

function describeRepository({ name, head, issues, pulls }: Repository): readonly string[] {
  const open = (entries: Iterable<{ readonly open: boolean }>) =>
    [...entries].filter((entry) => entry.open).length;
  return [
    name,
    `main is at ${head}`,
    `open issues: ${open(issues.values())}, open pull requests: ${open(pulls.values())}`,
  ];
}

function findCommit({ commits }: Repository, start: string) {
  if (start.length < minDigits) return undefined;
  const found = [...commits].find(([hash]) => hash.startsWith(start));
  return found && { hash: found[0], ...found[1] };
}

function describeCommit(repository: Repository, start = ''): readonly string[] | undefined {
  const commit = findCommit(repository, start);
  if (commit === undefined) return undefined;
  const { hash, files, isMerged, statuses } = commit;
  const { name, branches } = repository;
  const [branch] = [...branches].find(([, newest]) => newest === hash) ?? [];
  return [
    `${name}, commit ${hash}`,
    isMerged ? 'merged into main' : `on the branch ${branch ?? 'of an earlier push'}`,
    ...['', 'Changed files:', ...(files.length === 0 ? ['(the first commit)'] : files)],
    ...(statuses.size === 0 ? [] : ['', 'Statuses:']),
    ...[...statuses.values()].map(
      ({ context, state, description }) => `${context}: ${state}, ${description}`,
    ),
  ];
}

function describeFile(
  repository: Repository,
  start = '',
  file = '',
): readonly string[] | undefined {
  const commit = findCommit(repository, start);
  if (commit === undefined) return undefined;
  return [
    `${repository.name}, ${file} at commit ${commit.hash}`,
    '',
    'The demo has no code: what its agents write and its gates find is played.',
  ];
}
