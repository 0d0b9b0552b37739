import type { Gitea, GiteaRepository } from '../../gitea/client.ts';
import type { Checked, Finding } from './finding.ts';

/** One that deliveries or texts have told of. */
export interface KnownRepository {
  readonly id: number;
  readonly name: string;
  /** An open issue there is the bot's. */
  readonly assigned: boolean;
}

interface RepositoriesDeps {
  readonly gitea: Pick<Gitea, 'listRepositories' | 'getRepository'>;
  readonly bot: string;
  /** Only this one. */
  readonly only: string | undefined;
  readonly known: readonly KnownRepository[];
}

/** More are a matter of patience: each costs a few questions. */
const mostRepositories = 50;
/** Repositories that are known, but not seen by the bot, and so asked for one by one. */
const mostUnseen = 20;
const shownNames = 5;

/** What the bot may do in each repository it sees, and which it ought to see. */
export async function checkRepositories(
  deps: RepositoriesDeps,
  signal: AbortSignal,
): Promise<Checked<readonly GiteaRepository[]>> {
  const { only } = deps;
  if (only !== undefined) return checkOne(deps, only, signal);
  const { seen, more } = await listSeen(deps, signal);
  const judged = seen.map((repository) => ({ repository, problem: judge(repository, deps.bot) }));
  const right = judged.filter(({ problem }) => problem === undefined);
  const findings = [
    ...(seen.length === 0
      ? [noneFinding(deps.bot)]
      : summary(right.map(({ repository }) => repository))),
    ...judged.flatMap(({ problem }) => problem ?? []),
    ...(more ? [] : await unseenFindings(deps, seen, signal)),
    ...(more ? [moreFinding()] : []),
  ];
  return { findings, value: seen };
}

async function checkOne(
  { gitea, bot }: RepositoriesDeps,
  name: string,
  signal: AbortSignal,
): Promise<Checked<readonly GiteaRepository[]>> {
  const reply = await gitea.getRepository(name, signal);
  if (reply.kind !== 'ok') return { findings: [unreadable(name, bot)], value: [] };
  const problem = judge(reply.value, bot);
  return {
    findings: problem === undefined ? summary([reply.value]) : [problem],
    value: [reply.value],
  };
}

async function listSeen({ gitea }: RepositoriesDeps, signal: AbortSignal) {
  const seen = new Map<number, GiteaRepository>();
  for (let page = 1; seen.size <= mostRepositories; page += 1) {
    const before = seen.size;
    const { repositories } = await gitea.listRepositories(page, signal);
    for (const repository of repositories) seen.set(repository.id, repository);
    if (seen.size === before) break;
  }
  const all = [...seen.values()];
  return { seen: all.slice(0, mostRepositories), more: all.length > mostRepositories };
}

function judge(repository: GiteaRepository, bot: string): Finding | undefined {
  const { name, archived, hasIssues, permissions, dependencies } = repository;
  const about = { name: `repository ${name}` };
  if (archived)
    return { ...about, mark: 'hint', text: 'It is archived: nothing can be commented there.' };
  if (!hasIssues)
    return {
      ...about,
      mark: 'warning',
      text: 'Issues are switched off.',
      cure: `Tick the issue tracker in ${name} > Settings > Units, or take ${bot} out of its collaborators.`,
    };
  if (!permissions.push)
    return {
      ...about,
      mark: 'warning',
      text: `${bot} cannot write: it can comment, but not set labels, and may not be assigned.`,
      cure: addCollaborator(name, bot),
    };
  if (dependencies === false)
    return {
      ...about,
      mark: 'warning',
      text: 'Dependencies are switched off: only those written in the text of an issue are known.',
      cure: `Tick "Enable Dependencies For Issues and Pull Requests" in ${name} > Settings > Units > Issues.`,
    };
  return undefined;
}

function summary(right: readonly GiteaRepository[]): Finding[] {
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

function noneFinding(bot: string): Finding {
  return {
    name: 'repositories',
    mark: 'warning',
    text: `${bot} works in no repository, so no issue can be assigned to it where it may write.`,
    cure: `Add ${bot} in Settings > Collaborators of each repository, with the right to write, or put it into a team of the organisation that has it.`,
  };
}

function moreFinding(): Finding {
  return {
    name: 'repositories',
    mark: 'hint',
    text: `There are more than ${mostRepositories}; the others were not looked at. --repo owner/name looks at one.`,
  };
}

/** Somebody set up a webhook there, and forgot the bot. */
async function unseenFindings(
  { gitea, bot, known }: RepositoriesDeps,
  seen: readonly GiteaRepository[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const ids = new Set(seen.map(({ id }) => id));
  const unseen = known.filter(({ id }) => !ids.has(id)).slice(0, mostUnseen);
  const findings: Finding[] = [];
  for (const { id, name, assigned } of unseen) {
    const reply = await gitea.getRepository(id, signal);
    // One that is only read, as what an issue waits for, needs no more.
    if (reply.kind === 'ok' && !assigned) continue;
    const problem = reply.kind === 'ok' ? judge(reply.value, bot) : unreadable(name, bot);
    if (problem !== undefined) findings.push(problem);
  }
  return findings;
}

function unreadable(name: string, bot: string): Finding {
  return {
    name: `repository ${name}`,
    mark: 'warning',
    text: `${bot} cannot see it; it is private and ${bot} is no collaborator, or it was deleted.`,
    cure: addCollaborator(name, bot),
  };
}

function addCollaborator(name: string, bot: string): string {
  return `Add ${bot} in ${name} > Settings > Collaborators, with the right to write.`;
}
