import type { Logger } from '../log.ts';
import type { IssueAddress } from '../gitea/address.ts';
import type { GiteaLabel } from '../gitea/schemas.ts';
import type { PublishGitea } from './publish-issue.ts';

/** A Gitea that is only read: each write is logged instead. */
export function dryRun(gitea: PublishGitea, log: Logger): PublishGitea {
  const names = new Map<number, string>();
  let madeUp = 0;

  function logWrite(action: string, { repository, ...issue }: IssueAddress, content: object): void {
    log.info(
      { repository, issue: issue.number, action, ...content },
      'dry run: nothing is written',
    );
  }

  return {
    ...gitea,
    createComment: (address, body) => {
      logWrite('create a comment', address, { body });
      return Promise.resolve({ kind: 'ok', value: { id: 0, authorId: 0, body } });
    },
    editComment: (address, id, body) => {
      logWrite('edit the comment', address, { comment: id, body });
      return Promise.resolve({ kind: 'ok', value: { id, authorId: 0, body } });
    },
    addIssueLabel: (address, id) => {
      const name = names.get(id) ?? '';
      logWrite('add a label', address, { label: name });
      return Promise.resolve({ kind: 'ok', value: [labelOf(id, name)] });
    },
    removeIssueLabel: (address, id) => {
      logWrite('remove a label', address, { label: id });
      return Promise.resolve({ kind: 'ok', value: undefined });
    },
    listRepositoryLabels: async (address, signal) => {
      const reply = await gitea.listRepositoryLabels(address, signal);
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
