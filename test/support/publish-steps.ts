import type { Gitea } from '../../src/gitea/client.ts';

/** Writes to Gitea, in the order of publishing. */
export type PublishStep =
  'comment-created' | 'comment-edited' | 'label-created' | 'label-added' | 'label-removed';

/** Calls `onStep` after each write, when Gitea has answered and nothing is recorded yet. */
export function aroundPublishing(onStep: (step: PublishStep) => void): (gitea: Gitea) => Gitea {
  const reporting =
    <Args extends unknown[], T>(step: PublishStep, call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      const result = await call(...args);
      onStep(step);
      return result;
    };
  return (gitea) => ({
    ...gitea,
    createComment: reporting('comment-created', gitea.createComment),
    editComment: reporting('comment-edited', gitea.editComment),
    createRepositoryLabel: reporting('label-created', gitea.createRepositoryLabel),
    addIssueLabel: reporting('label-added', gitea.addIssueLabel),
    removeIssueLabel: reporting('label-removed', gitea.removeIssueLabel),
  });
}
