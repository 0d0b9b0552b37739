/** Scope of the labels that the service sets; nobody else's labels begin like this. */
export const ownLabelScope = 'coordinator/';

/** Stands at the start of the comments that the service writes. */
export const ownCommentMarker = '<!-- mosaic-coordinator -->';

/** Markers of other versions may go on differently. */
const markerStart = '<!-- mosaic-coordinator';

/** Whether a comment of the bot's account is one that the service wrote; a quoted marker is none. */
export function isOwnComment(body: string): boolean {
  return body.startsWith(markerStart);
}

/** The labels that people set: what the service says by its own must not come back as news. */
export function withoutOwnLabels(names: readonly string[]): string[] {
  return names.filter((name) => !isOwnLabel(name));
}

function isOwnLabel(name: string): boolean {
  return name.startsWith(ownLabelScope);
}

/** What is known of an issue whose labels the bot's account has changed. */
export interface KnownLabels {
  /** As the newest event has them, handled or not; undefined when that one cannot be trusted about them. */
  readonly labels: readonly string[] | undefined;
  readonly assigned: boolean;
}

/**
 * Whether labels that the bot's account has changed, as they are now, show a change of ours and nothing
 * else. Workers may use the same account: whatever could be news is none of ours.
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
