import { dependenciesOf, forgetDependencies } from './dependencies.ts';
import { noLabels, tellAssignment, tellIssue, tellLabels } from './events.ts';
import { issueJson } from './json.ts';
import { linkMentions } from './references.ts';
import { commentsOf, getIssue, getRepository, timestamp, touch, type World } from './state.ts';
import { giteaBot, GiteaRefusal, sameName, type GiteaIssue, type IssuePlace } from './types.ts';

/** Assignees of the recorded issue that stands for what a test does not name. */
const recordedAssignees = [giteaBot, 'tom'];

export function openIssue(
  world: World,
  doer: string,
  repositoryId: number,
  { assignees = [], labels = [], ...issue }: GiteaIssue,
): number {
  const { issues } = getRepository(world, repositoryId);
  const number = Math.max(0, ...issues.keys()) + 1;
  const place = { repositoryId, number };
  const plain = { body: '', open: true, updatedAt: timestamp(world) };
  issues.set(number, { ...plain, ...issue, assignees: [], labels: [] });
  addAssignees(world, doer, place, assignees);
  touch(world, place, { labels });
  linkMentions(world, sourceOf(place), place, issue.body ?? '');
  tellIssue(world, doer, place, 'opened');
  if (labels.length > 0) tellLabels(world, doer, place, 'label_updated');
  return number;
}

export function editIssue(
  world: World,
  doer: string,
  place: IssuePlace,
  change: { title?: string; body?: string },
): void {
  const { title, body } = issueJson(world, place);
  if (change.title !== undefined && change.title !== '' && change.title !== title) {
    touch(world, place, { title: change.title });
    const changes = { title: { from: title }, ...noLabels };
    tellIssue(world, doer, place, 'edited', { changes });
  }
  // A webhook is sent for the same text, too.
  if (change.body === undefined) return;
  touch(world, place, { body: change.body });
  linkMentions(world, sourceOf(place), place, change.body);
  const changes = { body: { from: body }, ...noLabels };
  tellIssue(world, doer, place, 'edited', { changes });
}

export function setOpen(world: World, doer: string, place: IssuePlace, open: boolean): void {
  const isOpen = (issue: IssuePlace) => issueJson(world, issue).state === 'open';
  if (isOpen(place) === open) return;
  if (!open && dependenciesOf(world, place).some(isOpen))
    throw new GiteaRefusal(
      412,
      'cannot close this issue or pull request because it still has open dependencies',
    );
  touch(world, place, { open });
  tellIssue(world, doer, place, open ? 'reopened' : 'closed');
}

export function addAssignees(
  world: World,
  doer: string,
  place: IssuePlace,
  logins: readonly string[],
): void {
  for (const login of logins) {
    const assignees = assigneesOf(world, place);
    if (assignees.some((other) => sameName(other, login))) continue;
    touch(world, place, { assignees: [...assignees, login] });
    tellAssignment(world, doer, place, 'assigned');
  }
}

export function removeAssignees(
  world: World,
  doer: string,
  place: IssuePlace,
  logins: readonly string[],
): void {
  for (const login of logins) {
    const assignees = assigneesOf(world, place);
    const left = assignees.filter((other) => !sameName(other, login));
    if (left.length === assignees.length) continue;
    touch(world, place, { assignees: left });
    tellAssignment(world, doer, place, 'unassigned');
  }
}

export function setAssignees(
  world: World,
  doer: string,
  place: IssuePlace,
  logins: readonly string[],
): void {
  const gone = assigneesOf(world, place).filter(
    (login) => !logins.some((to) => sameName(to, login)),
  );
  removeAssignees(world, doer, place, gone);
  addAssignees(world, doer, place, logins);
}

export function deleteIssue(world: World, doer: string, place: IssuePlace): void {
  tellIssue(world, doer, place, 'deleted');
  getRepository(world, place.repositoryId).issues.delete(place.number);
  for (const { id } of commentsOf(world, place)) world.comments.delete(id);
  forgetDependencies(world, place);
}

function assigneesOf(world: World, place: IssuePlace): string[] {
  const { assignees } = getIssue(world, place);
  return [...(assignees ?? recordedAssignees)];
}

/** The text of an issue, as a place from which others are linked. */
function sourceOf({ repositoryId, number }: IssuePlace): string {
  return `issue ${repositoryId}#${number}`;
}
