import type { AgentOutcome } from './adapter.ts';

/** Exit codes of a home-made agent, as sysexits.h and the shell name them; all others mean that it failed. */
export const exitMeanings: Readonly<
  Partial<Record<number, { readonly outcome: AgentOutcome; readonly words: string }>>
> = {
  0: { outcome: 'completed', words: 'the agent says that it is done' },
  // EX_UNAVAILABLE, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG
  69: { outcome: 'api_unavailable', words: 'a service that it needs does not answer' },
  75: { outcome: 'limited', words: 'its allowance is used up for now' },
  77: { outcome: 'key_refused', words: 'it is not allowed to use its model' },
  78: { outcome: 'setup_fault', words: 'it is not set up' },
  126: { outcome: 'setup_fault', words: 'its program cannot be run' },
  127: { outcome: 'setup_fault', words: 'its program, or one that it calls, is missing' },
};
