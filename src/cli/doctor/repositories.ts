import type { Gitea } from '../../gitea/client.ts';
import type { GiteaRepository } from '../../gitea/schemas.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';

/** A repository in our database. */
export interface StoredRepository {
  readonly id: number;
  readonly name: string;
  /** An open issue there is assigned to the bot. */
  readonly assigned: boolean;
}

interface RepositoriesDeps {
  readonly gitea: Pick<Gitea, 'listRepositories' | 'getRepository'>;
  readonly bot: string;
  /** Only this one. */
  readonly only: string | undefined;
  readonly stored: readonly StoredRepository[];
}

/** Maximum number of repositories checked: each costs a few requests. */
const maxRepositories = 50;
/** Maximum number of stored repositories that the bot does not see; each is requested alone. */
const maxUnseen = 20;
const shownNames = 5;

/** Checks the rights of the bot in each repository that it sees or should see. */
export async function checkRepositories(
  deps: RepositoriesDeps,
  signal: AbortSignal,
): Promise<CheckResult<readonly GiteaRepository[]>> {
  const { only } = deps;
  if (only !== undefined) return checkOne(deps, only, signal);
  const { seen, more } = await listSeen(deps, signal);
  const checked = seen.map((repository) => ({
    repository,
    problem: repositoryProblem(repository, deps.bot),
  }));
  const right = checked.filter(({ problem }) => problem === undefined);
  const findings = [
    ...(seen.length === 0
      ? [noneFinding(deps.bot)]
      : summary(right.map(({ repository }) => repository))),
    ...checked.flatMap(({ problem }) => problem ?? []),
    ...(more ? [] : await unseenFindings(deps, seen, signal)),
    ...(more ? [moreFinding()] : []),
  ];
  return { findings, value: seen };
}

async function checkOne(
  { gitea, bot }: RepositoriesDeps,
  name: string,
  signal: AbortSignal,
): Promise<CheckResult<readonly GiteaRepository[]>> {
  const reply = await gitea.getRepository(name, signal);
  if (reply.kind !== 'ok') return { findings: [unreadable(name, bot)], value: [] };
  const problem = repositoryProblem(reply.value, bot);
  return {
    findings: problem === undefined ? summary([reply.value]) : [problem],
    value: [reply.value],
  };
}

async function listSeen({ gitea }: RepositoriesDeps, signal: AbortSignal) {
  const seen = new Map<number, GiteaRepository>();
  for (let page = 1; seen.size <= maxRepositories; page += 1) {
    const before = seen.size;
    const { repositories } = await gitea.listRepositories(page, signal);
    for (const repository of repositories) seen.set(repository.id, repository);
    if (seen.size === before) break;
  }
  const all = [...seen.values()];
  return { seen: all.slice(0, maxRepositories), more: all.length > maxRepositories };
}

function repositoryProblem(repository: GiteaRepository, bot: string): DoctorFinding | undefined {
  const { name, archived, hasIssues, permissions, dependencies } = repository;
  const about = { name: `repository ${name}` };
  if (archived)
    return { ...about, mark: 'hint', text: 'It is archived: nobody can comment there.' };
  if (!hasIssues)
    return {
      ...about,
      mark: 'warning',
      text: 'Issues are disabled.',
      cure: `Enable issues in ${name} > Settings > Units, or remove ${bot} from its collaborators.`,
    };
  if (!permissions.push)
    return {
      ...about,
      mark: 'warning',
      text: `${bot} has no write access: it can comment, but not set labels, and it cannot be assigned.`,
      cure: addCollaborator(name, bot),
    };
  if (dependencies === false)
    return {
      ...about,
      mark: 'warning',
      text: 'Dependencies are disabled: only those written in the text of an issue are known.',
      cure: `Tick "Enable Dependencies For Issues and Pull Requests" in ${name} > Settings > Units > Issues.`,
    };
  return undefined;
}

function summary(right: readonly GiteaRepository[]): DoctorFinding[] {
  if (right.length === 0) return [];
  const names = right.slice(0, shownNames).map(({ name }) => name);
  const more = right.length - names.length;
  const list = `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return [
    {
      name: 'repositories',
      mark: 'ok',
      text: `${list}: read, write, issues and dependencies.`,
    },
  ];
}

function noneFinding(bot: string): DoctorFinding {
  return {
    name: 'repositories',
    mark: 'warning',
    text: `${bot} has access to no repository, so no issue can be assigned to it.`,
    cure: `Add ${bot} in Settings > Collaborators of each repository, with write access, or add it to a team of the organisation that has write access.`,
  };
}

function moreFinding(): DoctorFinding {
  return {
    name: 'repositories',
    mark: 'hint',
    text: `There are more than ${maxRepositories}; the others were not checked. --repo owner/name checks one.`,
  };
}

/** Repositories that send webhooks but have not added the bot. */
async function unseenFindings(
  { gitea, bot, stored }: RepositoriesDeps,
  seen: readonly GiteaRepository[],
  signal: AbortSignal,
): Promise<DoctorFinding[]> {
  const ids = new Set(seen.map(({ id }) => id));
  const unseen = stored.filter(({ id }) => !ids.has(id)).slice(0, maxUnseen);
  const findings: DoctorFinding[] = [];
  for (const { id, name, assigned } of unseen) {
    const reply = await gitea.getRepository(id, signal);
    // A repository that only holds blockers of other issues needs read access alone.
    if (reply.kind === 'ok' && !assigned) continue;
    const problem =
      reply.kind === 'ok' ? repositoryProblem(reply.value, bot) : unreadable(name, bot);
    if (problem !== undefined) findings.push(problem);
  }
  return findings;
}

function unreadable(name: string, bot: string): DoctorFinding {
  return {
    name: `repository ${name}`,
    mark: 'warning',
    text: `${bot} cannot see it: it is private and ${bot} is not a collaborator, or it was deleted.`,
    cure: addCollaborator(name, bot),
  };
}

function addCollaborator(name: string, bot: string): string {
  return `Add ${bot} in ${name} > Settings > Collaborators, with write access.`;
}
