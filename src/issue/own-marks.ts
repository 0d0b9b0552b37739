/** Scope of the labels that the service sets; nobody else's labels begin like this. */
export const ownLabelScope = 'coordinator/';

/** Begins the context of every commit status that the service sets. */
export const ownContextScope = 'coordinator/';

/** Stands at the start of the comments that the service writes. */
export const ownCommentMarker = '<!-- mosaic-coordinator -->';

/** Markers of other versions may go on differently. */
const markerStart = '<!-- mosaic-coordinator';

/** True when the service wrote this comment of the bot's account; a quoted marker does not count. */
export function isOwnComment(body: string): boolean {
  return body.startsWith(markerStart);
}

/** The labels that people set: the service's own labels must not come back as news. */
export function withoutOwnLabels(names: readonly string[]): string[] {
  return names.filter((name) => !isOwnLabel(name));
}

/** True for a label of ours, whatever it says. */
export function isOwnLabel(name: string): boolean {
  return name.startsWith(ownLabelScope);
}

/** Stored facts of an issue whose labels the bot's account has changed. */
export interface KnownLabels {
  /** As the newest event has them, handled or not; undefined when that one cannot be trusted about them. */
  readonly labels: readonly string[] | undefined;
  readonly assigned: boolean;
}

/**
 * True when labels that the bot's account has changed show a change of the service and nothing else. Workers
 * may use the same account: a change that could be news is not ours.
 */
export function isOwnLabelChange(
  labels: readonly string[],
  known: KnownLabels | undefined,
): boolean {
  if (known === undefined) return labels.some(isOwnLabel);
  if (known.labels === undefined) return false;
  // Gitea also sends an empty list after labels were replaced. We remove the last label of an issue only
  // when it is no longer the bot's, and then its labels count for nothing.
  if (labels.length === 0 && known.assigned) return false;
  return sameNames(withoutOwnLabels(labels), withoutOwnLabels(known.labels));
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  const sorted = [...other].sort();
  return (
    one.length === sorted.length && [...one].sort().every((name, index) => name === sorted[index])
  );
}
