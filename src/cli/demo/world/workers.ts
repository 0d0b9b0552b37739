/** A worker, and the agents that it runs. */
export interface Worker {
  readonly name: string;
  readonly agents: readonly string[];
}

export const workers: readonly Worker[] = [
  { name: 'desk-1', agents: ['opus'] },
  { name: 'desk-2', agents: ['sonnet'] },
  { name: 'rack-1', agents: ['sonnet', 'haiku'] },
  { name: 'rack-2', agents: ['sonnet', 'haiku', 'opus'] },
  { name: 'rack-3', agents: ['haiku', 'sonnet'] },
  { name: 'night', agents: ['haiku', 'sonnet', 'opus'] },
];

/** Size of the context window of every agent of the world, in tokens. */
export const contextWindow = 200_000;
