import type { Handler } from './handler.ts';

/** The issue is gone from Gitea: nothing of it is kept but the fact, so that late events revive nothing. */
export const handleDeleted: Handler = (facts) =>
  Promise.resolve({
    facts: { ...facts, title: '', body: '', assignees: [], labels: [] },
    assigned: false,
    plan: undefined,
  });
