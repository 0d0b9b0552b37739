import type { EventKind } from '../webhooks.ts';
import { issueJson, repositoryJson, userJson } from './json.ts';
import type { World } from './state.ts';
import type { IssuePlace } from './types.ts';

/** Fields that a kind of event has beside the usual ones, or in their place. */
type Extras = { readonly issue?: object } & Readonly<Record<string, unknown>>;

/** The part of a change that Gitea sends with every edit. */
export const noLabels = { added_labels: null, removed_labels: null };

export function tellIssue(
  world: World,
  doer: string,
  place: IssuePlace,
  action: string,
  extras: Extras = {},
): void {
  tell(world, doer, place, { event: 'issues', type: 'issues', action }, extras);
}

export function tellAssignment(
  world: World,
  doer: string,
  place: IssuePlace,
  action: string,
): void {
  tell(world, doer, place, { event: 'issues', type: 'issue_assign', action });
}

export function tellLabels(
  world: World,
  doer: string,
  place: IssuePlace,
  action: string,
  extras: Extras = {},
): void {
  tell(world, doer, place, { event: 'issues', type: 'issue_label', action }, extras);
}

export function tellComment(
  world: World,
  doer: string,
  place: IssuePlace,
  action: string,
  extras: object,
): void {
  const kind = { event: 'issue_comment', type: 'issue_comment', action };
  tell(world, doer, place, kind, {
    ...{ number: undefined, commit_id: undefined, is_pull: false },
    ...extras,
  });
}

/** Sends what happened, as it is at this moment. */
function tell(
  world: World,
  doer: string,
  place: IssuePlace,
  kind: EventKind,
  { issue = {}, ...extras }: Extras = {},
): void {
  world.webhooks.send(place.repositoryId, kind, {
    action: kind.action,
    number: place.number,
    issue: { ...issueJson(world, place), ...issue },
    repository: repositoryJson(world, place.repositoryId, doer),
    sender: userJson(world, doer),
    commit_id: '',
    ...extras,
  });
}
