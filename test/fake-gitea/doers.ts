import { parseRef } from '../../src/issue/ref.ts';
import { addComment, deleteComment, editComment } from './world/comments.ts';
import { addDependency, removeDependency } from './world/dependencies.ts';
import {
  addAssignees,
  deleteIssue,
  editIssue,
  openIssue,
  removeAssignees,
  setOpen,
} from './world/issues.ts';
import { createLabel, labelsOfRepository } from './world/label-rows.ts';
import { addLabels, clearLabels, removeLabel, replaceLabels } from './world/labels.ts';
import {
  commentOnPull,
  mergePull,
  openPull,
  pushTo,
  reviewPull,
  setPullOpen,
} from './world/pulls.ts';
import type { World } from './world/state.ts';
import { setStatus } from './world/statuses.ts';
import type { GiteaIssue, GiteaStatus, IssuePlace } from './world/types.ts';

/** Id of a repository by its name. */
export function idOf({ repositories }: World, name: string): number {
  for (const [id, repository] of repositories) if (repository.name === name) return id;
  throw new Error(`the test has no repository ${name}`);
}

export function placeOf(world: World, ref: string): IssuePlace {
  const parsed = parseRef(ref);
  if (parsed === undefined) throw new Error(`not an issue: ${ref}`);
  return { repositoryId: idOf(world, parsed.repository), number: parsed.number };
}

/** Actions of a person on Gitea's pages, with their webhooks; issues are named like `acme/orbit#5`. */
export function createDoer(world: World, login: string) {
  const place = (ref: string) => placeOf(world, ref);
  const labelIds = (ref: string, names: readonly string[]) => {
    const { repositoryId } = place(ref);
    return names.map((name) => {
      const known = labelsOfRepository(world, repositoryId).find((label) => label.name === name);
      return (known ?? createLabel(world, repositoryId, { name })).id;
    });
  };
  return {
    openIssue: (repository: string, issue: GiteaIssue) =>
      openIssue(world, login, idOf(world, repository), issue),
    editIssue: (ref: string, change: { title?: string; body?: string }) =>
      editIssue(world, login, place(ref), change),
    deleteIssue: (ref: string) => deleteIssue(world, login, place(ref)),
    close: (ref: string) => setOpen(world, login, place(ref), false),
    reopen: (ref: string) => setOpen(world, login, place(ref), true),
    assign: (ref: string, ...logins: readonly string[]) =>
      addAssignees(world, login, place(ref), logins),
    unassign: (ref: string, ...logins: readonly string[]) =>
      removeAssignees(world, login, place(ref), logins),
    comment: (ref: string, body: string) => addComment(world, login, place(ref), body).id,
    editComment: (id: number, body: string) => void editComment(world, login, id, body),
    deleteComment: (id: number) => deleteComment(world, login, id),
    /** All labels in one go; the webhook lists none, as Gitea's does. */
    setLabels: (ref: string, ...names: readonly string[]) =>
      void replaceLabels(world, login, place(ref), labelIds(ref, names)),
    addLabels: (ref: string, ...names: readonly string[]) =>
      void addLabels(world, login, place(ref), labelIds(ref, names)),
    removeLabels: (ref: string, ...names: readonly string[]) => {
      for (const id of labelIds(ref, names)) removeLabel(world, login, place(ref), id);
    },
    clearLabels: (ref: string) => clearLabels(world, login, place(ref)),
    openPull: (repository: string, pull: Parameters<typeof openPull>[3]) =>
      openPull(world, login, idOf(world, repository), pull).number,
    mergePull: (ref: string) => mergePull(world, login, place(ref)),
    closePull: (ref: string) => setPullOpen(world, login, place(ref), false),
    reopenPull: (ref: string) => setPullOpen(world, login, place(ref), true),
    review: (ref: string, review: Parameters<typeof reviewPull>[3]) =>
      reviewPull(world, login, place(ref), review),
    commentOnPull: (ref: string, body: string) => commentOnPull(world, login, place(ref), body),
    setStatus: (repository: string, sha: string, status: GiteaStatus) =>
      void setStatus(world, login, idOf(world, repository), sha, status),
    push: (repository: string, branch: string, commit: string) =>
      pushTo(world, login, idOf(world, repository), branch, commit),
    /** The first is blocked by the second; no webhook. */
    addDependency: (ref: string, on: string) => addDependency(world, place(ref), place(on)),
    removeDependency: (ref: string, on: string) => removeDependency(world, place(ref), place(on)),
  };
}
