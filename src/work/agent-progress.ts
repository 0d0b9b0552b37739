import type { AgentEvent, Spent } from './adapters/adapter.ts';

export interface AgentProgress {
  readonly session?: string | undefined;
  /** Tokens in the context of the main loop. */
  readonly used?: number | undefined;
  readonly window?: number | undefined;
  /** Fill level in tokens from which the agent compacts by itself; undefined when it does not. */
  readonly compactsAt?: number | undefined;
  /** The tool that runs, or ran last. */
  readonly tool?: string | undefined;
  /** Of this run. */
  readonly spent: Spent;
  /** It waits for a message: say something, or close its input. */
  readonly turnEnded: boolean;
}

/** Of two runs. */
export function addSpent(a: Spent, b: Spent): Spent {
  const costs = [a.costUsd, b.costUsd].filter((cost) => cost !== undefined);
  return {
    tokens: a.tokens + b.tokens,
    ...(costs.length === 0 ? {} : { costUsd: costs.reduce((sum, cost) => sum + cost, 0) }),
  };
}

/** The sum of what the events of one run told. */
export function createProgress() {
  let now: AgentProgress = { spent: { tokens: 0 }, turnEnded: false };
  const tools = new Set<string>();
  return {
    now: () => now,
    /** True while a tool runs: then an agent may be silent for long. */
    toolRuns: () => tools.size > 0,
    /** A message was given to the agent: its turn goes on. */
    said(): void {
      now = { ...now, turnEnded: false };
    },
    /** Takes an event in; false when it changes nothing that anybody sees. */
    apply(event: AgentEvent): boolean {
      switch (event.kind) {
        case 'session':
          now = { ...now, session: event.session };
          return true;
        case 'context': {
          const { used, window, compactsAt } = event;
          now = { ...now, used, window: window ?? now.window, compactsAt };
          return true;
        }
        case 'tool_started':
          tools.add(event.id);
          now = { ...now, tool: event.name };
          return true;
        case 'tool_ended':
          tools.delete(event.id);
          return false;
        case 'spent':
          now = { ...now, spent: event.spent };
          return true;
        case 'working': {
          const changes = now.turnEnded;
          now = { ...now, turnEnded: false };
          return changes;
        }
        case 'turn_ended':
          tools.clear();
          now = { ...now, turnEnded: true };
          return true;
        case 'notice':
          return false;
      }
    },
  };
}
