import type { Handler } from './handler.ts';

/** The issue is not, or no longer, the bot's: only whether it is open still matters to others. */
export const handleUnassigned: Handler = (facts) =>
  Promise.resolve({ facts, assigned: false, plan: undefined });
