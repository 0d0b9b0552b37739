import { ownLabelScope } from '../issue/own-marks.ts';
import type { LabelDefinition } from './label-definitions.ts';
import type { IssueAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import type { GiteaLabel } from '../gitea/schemas.ts';
import { granted, Refused } from './refused.ts';
import { createRepositoryLabels, type RepositoryLabelGitea } from './repository-labels.ts';
import type { Spend } from './write-budget.ts';

export type StatusLabelGitea = RepositoryLabelGitea &
  Pick<Gitea, 'addIssueLabel' | 'listIssueLabels' | 'removeIssueLabel'>;

interface StatusLabelDeps {
  readonly gitea: StatusLabelGitea;
  /** Called before each write. */
  readonly spend: Spend;
}

type LabelName = Pick<GiteaLabel, 'id' | 'name'>;

/**
 * Keeps at most one label of our scope on an issue: the wanted one, or none. Does not send a label that is
 * there already, since Gitea would send a webhook for it. Throws `Refused`.
 */
export function createStatusLabel({ gitea, spend }: StatusLabelDeps) {
  const labels = createRepositoryLabels(gitea);

  async function put(
    address: IssueAddress,
    wanted: LabelDefinition | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const present = granted(await gitea.listIssueLabels(address, signal), 'the issue').filter(
      isOwn,
    );
    const own = wanted === undefined ? present : await withLabel(address, wanted, present, signal);
    const kept = own.find(({ name }) => name === wanted?.name);
    for (const label of own) {
      if (label === kept) continue;
      spend(address, `without ${label.name}`);
      const reply = await gitea.removeIssueLabel(address, label.id, signal);
      // 422: the label was deleted in the meantime, so the issue does not have it either.
      if (reply.kind === 'refused' && reply.status !== 422)
        granted(reply, 'the removal of a label');
    }
  }

  async function withLabel(
    address: IssueAddress,
    wanted: LabelDefinition,
    present: readonly LabelName[],
    signal: AbortSignal,
  ): Promise<readonly LabelName[]> {
    if (present.some(({ name }) => name === wanted.name)) return present;
    // Gitea silently ignores an id that it no longer knows: list the labels again and retry once.
    for (const isLast of [false, true]) {
      const id = await labels.idOf(address, wanted, signal);
      spend(address, `with ${wanted.name}`);
      const after = granted(await gitea.addIssueLabel(address, id, signal), 'a label').filter(
        isOwn,
      );
      if (after.some(({ name }) => name === wanted.name)) return after;
      labels.forget(address);
      if (isLast) break;
    }
    throw new Refused('label_not_added', `Gitea did not add the label ${wanted.name}.`);
  }

  return put;
}

function isOwn({ name }: LabelName): boolean {
  return name.startsWith(ownLabelScope);
}
