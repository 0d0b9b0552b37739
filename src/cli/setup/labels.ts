import type { Gitea } from '../../gitea/client.ts';
import { TryAgainLater } from '../../errors.ts';
import { statusLabels } from '../../publish/status-label.ts';
import type { SetupResult } from './hook.ts';

export interface LabelSetup {
  readonly gitea: Pick<Gitea, 'getRepository' | 'listRepositoryLabels' | 'createRepositoryLabel'>;
  readonly repository: string;
  readonly dryRun: boolean;
}

/** Creates the status labels that the repository does not have yet. */
export async function setUpLabels(setup: LabelSetup, signal: AbortSignal): Promise<SetupResult> {
  try {
    return await makeMissing(setup, signal);
  } catch (error) {
    if (!(error instanceof TryAgainLater) || error.code !== 'gitea_auth') throw error;
    return left(`No labels were created: ${error.message}`);
  }
}

async function makeMissing(
  { gitea, repository: name, dryRun }: LabelSetup,
  signal: AbortSignal,
): Promise<SetupResult> {
  const found = await gitea.getRepository(name, signal);
  if (found.kind !== 'ok')
    return left(
      `No labels were created: ${name} does not exist, or the token has no access to it.`,
    );
  const place = { repositoryId: found.value.id, repository: found.value.name };
  const present = await gitea.listRepositoryLabels(place, signal);
  if (present.kind !== 'ok') return left(`No labels were created: ${name} no longer exists.`);
  const byName = new Map(present.value.map((label) => [label.name, label]));
  const missing = statusLabels.filter((label) => !byName.has(label.name));
  const loose = statusLabels.filter((label) => byName.get(label.name)?.exclusive === false);
  const notes = loose.map(
    (label) => `Label ${label.name} is not exclusive: tick Exclusive in its settings.`,
  );
  if (missing.length === 0)
    return { lines: ['All labels exist: nothing to do.', ...notes], left: loose.length > 0 };
  const names = missing.map((label) => label.name).join(', ');
  if (dryRun)
    return { lines: [`Would create the labels ${names}.`, ...notes], left: loose.length > 0 };
  for (const label of missing) {
    const reply = await gitea.createRepositoryLabel(place, { ...label, exclusive: true }, signal);
    if (reply.kind === 'ok') continue;
    const why = reply.kind === 'missing' ? 'not found' : reply.message;
    return left(
      `Gitea did not create the label ${label.name} (${why}): the token needs write access to the issues of ${name}. With it, the service creates its labels itself.`,
    );
  }
  return { lines: [`Created the labels ${names}.`, ...notes], left: loose.length > 0 };
}

function left(line: string): SetupResult {
  return { lines: [line], left: true };
}
