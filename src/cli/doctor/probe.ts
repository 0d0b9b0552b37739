import type { Gitea } from '../../gitea/client.ts';
import type { GiteaLabel, GiteaRepository } from '../../gitea/schemas.ts';
import { ownLabelScope } from '../../issue/own-marks.ts';
import {
  ownHooks,
  type HookExpectation,
  type OwnedHook,
  type RepositoryHooks,
} from './classify-hooks.ts';
import { faultsOf } from './hook-rules.ts';

/** A harmless call that makes Gitea send a webhook of a repository. */
export interface Probe {
  /** Description of the call, as a part of a sentence. */
  readonly words: string;
  /** False when Gitea refused. */
  readonly run: (signal: AbortSignal) => Promise<boolean>;
}

/** A repository from which a delivery is expected. */
export interface ProbeTarget {
  readonly repository: GiteaRepository;
  /** Its hooks that send to us; undefined when they could not be read. */
  readonly hooks: readonly OwnedHook[] | undefined;
}

/** Maximum number of repositories probed: each may take seconds. */
const maxTargets = 4;

/** Repositories from which a delivery can be expected: not where no active hook sends here. */
export function probeTargets(
  repositories: readonly GiteaRepository[],
  classified: readonly RepositoryHooks[],
  expected: HookExpectation,
): ProbeTarget[] {
  const served = repositories.filter(({ archived, hasIssues }) => !archived && hasIssues);
  const targets = served.flatMap((repository): ProbeTarget[] => {
    const found = classified.find((each) => each.repository === repository.name);
    if (found === undefined || found.incomplete) return [{ repository, hooks: undefined }];
    const sending = ownHooks(found.hooks, expected).filter(({ hook }) => {
      const kinds = faultsOf(hook, expected).map(({ kind }) => kind);
      return !kinds.includes('inactive') && !kinds.includes('url') && !kinds.includes('type');
    });
    return sending.length === 0 ? [] : [{ repository, hooks: sending }];
  });
  return targets.slice(0, maxTargets);
}

interface ProbeDeps {
  readonly admin: Pick<Gitea, 'testHook'> | undefined;
  readonly bot: Pick<
    Gitea,
    'searchIssues' | 'listRepositoryLabels' | 'listIssueLabels' | 'removeIssueLabel'
  >;
  /** False with `--no-probe`: only Gitea's own test delivery is used. */
  readonly probe: boolean;
}

/** Probes of a repository, to be tried in order until a delivery arrives. */
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

/** Up to Gitea 1.27.0 a test delivery is a push, so only a hook that sends pushes gets it. */
function testOf({ hook, owner }: OwnedHook, admin: ProbeDeps['admin']): Probe[] {
  if (admin === undefined || !owner.includes('/') || !hook.active) return [];
  if (!hook.events.includes('push')) return [];
  return [
    {
      words: 'by a test delivery of Gitea',
      run: async (signal) => {
        const reply = await admin.testHook({ repository: owner }, hook.id, signal);
        return reply.kind === 'ok';
      },
    },
  ];
}

/** Maximum number of pages searched for an issue of the repository. */
const maxPages = 3;

/**
 * Removing a label that an issue does not have changes nothing, not even its update time, and still sends
 * `label_updated`. A label of our own is preferred: should somebody add it in between, the service sets it
 * again.
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
    words: `by removing the label ${absent.name} from #${number}, which does not have it: a no-op for which Gitea still sends a webhook`,
    run: async (aborted) => {
      const again = await absentLabel([absent]);
      if (again === undefined) return false;
      return (await gitea.removeIssueLabel(place, absent.id, aborted)).kind === 'ok';
    },
  };

  async function absentLabel(labels: readonly GiteaLabel[]): Promise<GiteaLabel | undefined> {
    const present = await gitea.listIssueLabels(place, signal);
    if (present.kind !== 'ok') return undefined;
    const ids = new Set(present.value.map((label) => label.id));
    return labels.find((label) => !ids.has(label.id));
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
