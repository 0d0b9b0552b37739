import type { Logger } from '../log.ts';
import type { IssueAddress } from '../gitea/address.ts';
import type { GiteaLabel } from '../gitea/schemas.ts';
import type { PublishGitea } from './publish-issue.ts';

/** A Gitea that is read as it is, and to which nothing is written: the log tells what would be. */
export function dryRun(gitea: PublishGitea, log: Logger): PublishGitea {
  const names = new Map<number, string>();
  let madeUp = 0;

  function would(action: string, { repository, ...issue }: IssueAddress, content: object): void {
    log.info(
      { repository, issue: issue.number, action, ...content },
      'dry run: nothing is written',
    );
  }

  return {
    ...gitea,
    createComment: (place, body) => {
      would('create a comment', place, { body });
      return Promise.resolve({ kind: 'ok', value: { id: 0, authorId: 0, body } });
    },
    editComment: (place, id, body) => {
      would('edit the comment', place, { comment: id, body });
      return Promise.resolve({ kind: 'ok', value: { id, authorId: 0, body } });
    },
    addIssueLabel: (place, id) => {
      const name = names.get(id) ?? '';
      would('add a label', place, { label: name });
      return Promise.resolve({ kind: 'ok', value: [labelOf(id, name)] });
    },
    removeIssueLabel: (place, id) => {
      would('remove a label', place, { label: id });
      return Promise.resolve({ kind: 'ok', value: undefined });
    },
    listRepositoryLabels: async (place, signal) => {
      const reply = await gitea.listRepositoryLabels(place, signal);
      if (reply.kind === 'ok') for (const { id, name } of reply.value) names.set(id, name);
      return reply;
    },
    createRepositoryLabel: ({ repository }, { name }) => {
      madeUp -= 1;
      names.set(madeUp, name);
      log.info(
        { repository, action: 'create a label', label: name },
        'dry run: nothing is written',
      );
      return Promise.resolve({ kind: 'ok', value: labelOf(madeUp, name) });
    },
  };
}

function labelOf(id: number, name: string): GiteaLabel {
  return { id, name, exclusive: true, color: '', description: '' };
}
