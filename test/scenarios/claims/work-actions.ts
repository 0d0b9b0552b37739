/** Fate of a call: a call whose answer is `lost` is retried, a `doubled` call arrives twice at once. */
export const fates = ['fine', 'lost', 'doubled', 'crash-before', 'crash-after'] as const;
export type Fate = (typeof fates)[number];
export const kinds = [
  'claim',
  'heartbeat',
  'release',
  'handoff',
  'limit',
  'block',
  'complete',
  'close',
  'reopen',
  'unassign',
  'assign',
  'edit',
  'clock',
  'sweep',
  'restart',
  'resume',
  'pause',
  'unpause',
  'unpause',
  'unpause',
] as const;

/** One thing that happens; numbers are taken modulo what there is. */
export interface Action {
  readonly kind: (typeof kinds)[number];
  readonly fate: Fate;
  readonly worker: number;
  readonly pick: number;
}
