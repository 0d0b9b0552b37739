import type { Gitea, GiteaLabel, GiteaRepository } from '../../gitea/client.ts';
import { ownLabelScope } from '../../issue/own-marks.ts';
import type { OwnedHook } from './classify-hooks.ts';

/** Something harmless that makes Gitea send a webhook of a repository. */
export interface Probe {
  /** What was done, as the end of a sentence. */
  readonly words: string;
  /** False where Gitea refused. */
  readonly run: (signal: AbortSignal) => Promise<boolean>;
}

/** A repository of which a delivery is awaited. */
export interface ProbeTarget {
  readonly repository: GiteaRepository;
  /** Its hooks on us; undefined when they could not be looked at. */
  readonly hooks: readonly OwnedHook[] | undefined;
}

interface ProbeDeps {
  readonly admin: Pick<Gitea, 'testHook'> | undefined;
  readonly bot: Pick<
    Gitea,
    'searchIssues' | 'listRepositoryLabels' | 'listIssueLabels' | 'removeIssueLabel'
  >;
  /** `--no-probe`: only what asks Gitea for a test. */
  readonly probe: boolean;
}

/** What can be done to have a webhook of that repository sent; each is tried until one arrives. */
export async function probesFor(
  { repository, hooks }: ProbeTarget,
  { admin, bot, probe }: ProbeDeps,
  signal: AbortSignal,
): Promise<readonly Probe[]> {
  const tests = (hooks ?? []).flatMap((owned) => testOf(owned, admin));
  if (!probe || !repository.permissions.push) return tests;
  const label = await labelProbe(repository, bot, signal);
  return label === undefined ? tests : [...tests, label];
}

/** On Gitea up to 1.27.0 a test is a push, which only a hook that sends pushes gets. */
function testOf({ hook, owner }: OwnedHook, admin: ProbeDeps['admin']): Probe[] {
  if (admin === undefined || !owner.includes('/') || !hook.active) return [];
  if (!hook.events.includes('push')) return [];
  return [
    {
      words: 'a test delivery was asked for',
      run: async (signal) => {
        const reply = await admin.testHook({ repository: owner }, hook.id, signal);
        return reply.kind === 'ok';
      },
    },
  ];
}

/** Issues in the first pages of a search over all repositories. */
const maxPages = 3;

/**
 * Removing a label that an issue does not have changes nothing, not even its time, and yet sends
 * `label_updated`. One of our own is taken if there is: should it come to be there in between, the service
 * sets it again.
 */
async function labelProbe(
  { id: repositoryId, name: repository }: GiteaRepository,
  gitea: ProbeDeps['bot'],
  signal: AbortSignal,
): Promise<Probe | undefined> {
  const labels = await gitea.listRepositoryLabels({ repositoryId, repository }, signal);
  if (labels.kind !== 'ok' || labels.value.length === 0) return undefined;
  const sorted = labels.value.toSorted((a, b) => Number(isOwn(b)) - Number(isOwn(a)));
  const number = await someIssue(repositoryId, gitea, signal);
  if (number === undefined) return undefined;
  const place = { repositoryId, repository, number };
  const absent = await absentLabel(sorted);
  if (absent === undefined) return undefined;
  return {
    words: `the label ${absent.name}, which #${number} does not have, was removed from it: that changes nothing, and is told all the same`,
    run: async (aborted) => {
      const again = await absentLabel([absent]);
      if (again === undefined) return false;
      return (await gitea.removeIssueLabel(place, absent.id, aborted)).kind === 'ok';
    },
  };

  async function absentLabel(among: readonly GiteaLabel[]): Promise<GiteaLabel | undefined> {
    const present = await gitea.listIssueLabels(place, signal);
    if (present.kind !== 'ok') return undefined;
    const ids = new Set(present.value.map((label) => label.id));
    return among.find((label) => !ids.has(label.id));
  }
}

async function someIssue(
  repositoryId: number,
  { searchIssues }: Pick<Gitea, 'searchIssues'>,
  signal: AbortSignal,
): Promise<number | undefined> {
  for (let page = 1; page <= maxPages; page += 1) {
    const { issues, count } = await searchIssues({ assigned: false, state: 'all', page }, signal);
    const found = issues.find((issue) => issue.repositoryId === repositoryId);
    if (found !== undefined) return found.number;
    if (count === 0) return undefined;
  }
  return undefined;
}

function isOwn({ name }: GiteaLabel): boolean {
  return name.startsWith(ownLabelScope);
}
