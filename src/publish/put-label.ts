import { ownLabelScope } from '../issue/own-marks.ts';
import type { StatusLabel } from './status-labels.ts';
import type { Label, Place, PublishGitea } from './gitea.ts';
import { granted, Refused } from './refused.ts';
import { createRepositoryLabels } from './repository-labels.ts';
import type { Spend } from './write-budget.ts';

interface LabelDeps {
  readonly gitea: PublishGitea;
  /** Called before each write. */
  readonly spend: Spend;
}

/**
 * Sees to it that an issue has this label of our scope and no other, or none at all. What stands already
 * is not sent: Gitea would tell of a change. Throws `Refused`.
 */
export function createPutLabel({ gitea, spend }: LabelDeps) {
  const labels = createRepositoryLabels(gitea);

  async function put(
    place: Place,
    wanted: StatusLabel | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const present = granted(await gitea.listIssueLabels(place, signal), 'the issue').filter(isOwn);
    const own = wanted === undefined ? present : await withLabel(place, wanted, present, signal);
    const kept = own.find(({ name }) => name === wanted?.name);
    for (const label of own) {
      if (label === kept) continue;
      spend(place, `without ${label.name}`);
      const reply = await gitea.removeIssueLabel(place, label.id, signal);
      // Deleted in the meantime, it is no longer there either.
      if (reply.kind === 'refused' && reply.status !== 422)
        granted(reply, 'the removal of a label');
    }
  }

  async function withLabel(
    place: Place,
    wanted: StatusLabel,
    present: readonly Label[],
    signal: AbortSignal,
  ): Promise<readonly Label[]> {
    if (present.some(({ name }) => name === wanted.name)) return present;
    // An id that Gitea does not know any more it passes over in silence.
    for (const isLast of [false, true]) {
      const id = await labels.idOf(place, wanted, signal);
      spend(place, `with ${wanted.name}`);
      const after = granted(await gitea.addIssueLabel(place, id, signal), 'a label').filter(isOwn);
      if (after.some(({ name }) => name === wanted.name)) return after;
      labels.forget(place);
      if (isLast) break;
    }
    throw new Refused('label_not_added', `Gitea did not add the label ${wanted.name}.`);
  }

  return put;
}

function isOwn({ name }: Label): boolean {
  return name.startsWith(ownLabelScope);
}
