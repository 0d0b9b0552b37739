import { h } from 'preact';

import type { State } from '../../issue/state.ts';

/** Names of states as people say them. */
export const stateNames: Readonly<Record<State | 'unknown', string>> = {
  received: 'received',
  ready: 'ready',
  blocked: 'blocked',
  oversized: 'too large',
  needs_human: 'needs a person',
  in_progress: 'in progress',
  in_review: 'in review',
  done: 'done',
  released: 'not ours',
  unknown: 'not known',
};

/** The state of an issue, told by word and colour. */
export function StateBadge({ state }: { readonly state: State | 'unknown' }) {
  return h('span', { class: `badge ${state}` }, stateNames[state]);
}
