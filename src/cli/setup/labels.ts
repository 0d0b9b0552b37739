import type { Gitea } from '../../gitea/client.ts';
import { statusLabels, type LabelDefinition } from '../../publish/status-label.ts';
import { unlessRefused } from '../doctor/check.ts';
import { left, type SetupResult } from './hook.ts';

interface LabelSetup {
  readonly gitea: Pick<Gitea, 'getRepository' | 'listRepositoryLabels' | 'createRepositoryLabel'>;
  readonly repository: string;
  /** Names of the enabled agents. */
  readonly agents: readonly string[];
  /** Names of the labels that hold an issue back. */
  readonly holdLabels: readonly string[];
  readonly dryRun: boolean;
}

/**
 * Creates the labels that the repository does not have yet: those of the states, and those that people set
 * because the comment names them.
 */
export function setUpLabels(setup: LabelSetup, signal: AbortSignal): Promise<SetupResult> {
  return unlessRefused(makeMissing(setup, signal), (message) =>
    left(`No labels were created: ${message}`),
  );
}

async function makeMissing(
  { gitea, repository: name, agents, holdLabels, dryRun }: LabelSetup,
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
  const wanted = [
    ...statusLabels.map((label) => ({ ...label, exclusive: true })),
    ...agents.map((agent) => ({ ...agentLabel(agent), exclusive: false })),
    ...holdLabels.map((hold) => ({ ...holdLabel(hold), exclusive: false })),
  ];
  const missing = wanted.filter((label) => !byName.has(label.name));
  const loose = statusLabels.filter((label) => byName.get(label.name)?.exclusive === false);
  const notes = loose.map(
    (label) => `Label ${label.name} is not exclusive: tick Exclusive in its settings.`,
  );
  const result = (line: string) => ({ lines: [line, ...notes], left: loose.length > 0 });
  if (missing.length === 0) return result('All labels exist: nothing to do.');
  const names = missing.map((label) => label.name).join(', ');
  if (dryRun) return result(`Would create the labels ${names}.`);
  for (const label of missing) {
    const reply = await gitea.createRepositoryLabel(place, label, signal);
    if (reply.kind === 'ok') continue;
    const why = reply.kind === 'missing' ? 'not found' : reply.message;
    return left(
      `Gitea did not create the label ${label.name} (${why}): the token needs write access to the issues of ${name}. With it, the service creates the labels of the states itself.`,
    );
  }
  return result(`Created the labels ${names}.`);
}

function holdLabel(name: string): LabelDefinition {
  return { name, color: '#e99695', description: 'Holds the issue back from the coordinator' };
}

/** The label by which people choose an agent; without a scope, which would need another form of name. */
function agentLabel(agent: string): LabelDefinition {
  return {
    name: `agent:${agent}`,
    color: '#c5def5',
    description: `Asks the coordinator to give the issue to ${agent}`,
  };
}
