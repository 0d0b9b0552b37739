import type { JobEnd } from './outcomes.ts';

/** What a job does next. */
export type Step =
  | { readonly kind: 'run'; readonly task?: string | undefined; readonly resume?: boolean }
  | { readonly kind: 'inspect' }
  | { readonly kind: 'submit' }
  | { readonly kind: 'verdict'; readonly id: string; readonly commit: string }
  | { readonly kind: 'end'; readonly end: JobEnd };

/** Reminders of the agent since its last verdict. */
export interface Reminders {
  count: number;
  noChange: boolean;
  /** It was run again after a crash: once in a claim. */
  crashed: boolean;
}

/** Times an agent is sent back within a round, for files or merges that are left. */
export const maxReminders = 3;
