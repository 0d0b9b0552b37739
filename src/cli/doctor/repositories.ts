import type { Gitea } from '../../gitea/client.ts';
import type { GiteaRepository } from '../../gitea/schemas.ts';
import { hint, listNames, ok, warning } from './finding.ts';
import type { CheckResult, DoctorFinding, Outcome } from './finding.ts';

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

/** Checks the rights of the bot in each repository that it sees or should see. */
export async function checkRepositories(
  deps: RepositoriesDeps,
  signal: AbortSignal,
): Promise<CheckResult<readonly GiteaRepository[]>> {
  const { gitea, bot, only } = deps;
  if (only !== undefined) {
    const reply = await gitea.getRepository(only, signal);
    if (reply.kind !== 'ok') return { findings: [unreadable(only, bot)], value: [] };
    return { findings: findingsOf([reply.value], bot), value: [reply.value] };
  }
  const { seen, more } = await listSeen(deps, signal);
  const findings = [
    ...(seen.length === 0 ? [noneFinding(bot)] : findingsOf(seen, bot)),
    ...(more ? [moreFinding] : await unseenFindings(deps, seen, signal)),
  ];
  return { findings, value: seen };
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

/** One finding for all repositories that are right, and one for each other. */
function findingsOf(repositories: readonly GiteaRepository[], bot: string): DoctorFinding[] {
  const checked = repositories.map((repository) => describe(repository, bot));
  const right = repositories.filter((_, index) => checked[index] === undefined);
  const names = listNames(right.map(({ name }) => name));
  const all = ok(`${names}: read, write, issues and dependencies.`);
  return [
    ...(right.length === 0 ? [] : [{ name: 'repositories', ...all }]),
    ...checked.filter((problem) => problem !== undefined),
  ];
}

/** The problem of a repository, if it has one. */
function describe(repository: GiteaRepository, bot: string): DoctorFinding | undefined {
  const { name, archived, hasIssues, permissions, dependencies } = repository;
  const about = (outcome: Outcome) => ({ name: `repository ${name}`, ...outcome });
  if (archived) return about(hint('It is archived: nobody can comment there.'));
  if (!hasIssues) {
    const cure = `Enable issues in ${name} > Settings > Units, or remove ${bot} from its collaborators.`;
    return about(warning('Issues are disabled.', cure));
  }
  if (!permissions.push) {
    const text = `${bot} has no write access: it can comment, but not set labels, and it cannot be assigned.`;
    return about(warning(text, addCollaborator(name, bot)));
  }
  if (dependencies !== false) return undefined;
  const text = 'Dependencies are disabled: only those written in the text of an issue are known.';
  const cure = `Tick "Enable Dependencies For Issues and Pull Requests" in ${name} > Settings > Units > Issues.`;
  return about(warning(text, cure));
}

function noneFinding(bot: string): DoctorFinding {
  const text = `${bot} works in no repository with write access, so no issue can be assigned to it.`;
  const cure = `Add ${bot} in Settings > Collaborators of each repository, with write access, or add it to a team of the organisation that has write access.`;
  return { name: 'repositories', ...warning(text, cure) };
}

const moreFinding: DoctorFinding = {
  name: 'repositories',
  mark: 'hint',
  text: `There are more than ${maxRepositories}; the others were not checked. --repo owner/name checks one.`,
};

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
    const problem = reply.kind === 'ok' ? describe(reply.value, bot) : unreadable(name, bot);
    if (problem !== undefined) findings.push(problem);
  }
  return findings;
}

function unreadable(name: string, bot: string): DoctorFinding {
  const text = `${bot} cannot see it: it is private and ${bot} is not a collaborator, or it was deleted.`;
  return { name: `repository ${name}`, ...warning(text, addCollaborator(name, bot)) };
}

function addCollaborator(name: string, bot: string): string {
  return `Add ${bot} in ${name} > Settings > Collaborators, with write access.`;
}
