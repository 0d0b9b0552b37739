/** What the runner knows of an agent program: how to start it, what its lines mean, how it ended. */

export const adapterNames = ['claude', 'codex', 'opencode', 'command'] as const;
export type AdapterName = (typeof adapterNames)[number];

/** One file each. The runner asks `can`; it never guesses by name. */
export interface Adapter {
  readonly name: AdapterName;
  readonly can: {
    /** It tells while it works how full its context is. */
    readonly liveContext: boolean;
    /** A message on standard input reaches it while it works. */
    readonly hearsWhileRunning: boolean;
    /** It writes a line every few minutes, or says that a tool runs: silence means that it hangs. */
    readonly showsLife: boolean;
    /** A later run goes on with what an earlier one knew. */
    readonly resumes: boolean;
  };
  readonly start: (request: AgentStart) => AgentCommand;
  /** A reader of the lines of one run. */
  readonly createReader: () => AgentReader;
  /** A message as the text to write to standard input. */
  readonly say?: (text: string) => string;
}

export interface AgentStart {
  readonly prompt: string;
  /** The model that the operator wants; by default the agent's own choice. */
  readonly model?: string | undefined;
  /** For `resume` the session that an earlier run reported; else an id for the new one (a UUID). */
  readonly session?: string | undefined;
  readonly resume: boolean;
  /** Private directory of the claim: home, settings and temporary files of the agent. It exists. */
  readonly home: string;
  /** The worktree. */
  readonly directory: string;
  /** Address of the forwarder, for an agent that takes it from a file. */
  readonly apiUrl?: string | undefined;
  /** A file with instructions of the operator and the repository, beside the prompt. */
  readonly instructionsFile?: string | undefined;
  readonly maxTurns?: number | undefined;
  /** Money that this run may cost, for an agent that counts it while it works. */
  readonly maxCostUsd?: number | undefined;
  /** True to let hooks, tools and servers that the repository brings run. */
  readonly projectSettings?: boolean | undefined;
}

export interface AgentCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Written to standard input at the start. */
  readonly input: string;
  /** Variables beside those that every agent gets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Files to write before the start: text by path relative to the home. */
  readonly files: Readonly<Record<string, string>>;
}

export interface AgentReader {
  /** The meaning of one line of standard output; a line that says nothing has none. Never throws. */
  readonly read: (line: string) => readonly AgentEvent[];
  /** How the run ended, from its exit and the lines before. */
  readonly judge: (exit: AgentExit) => AgentEnd;
}

export type AgentEvent =
  | { readonly kind: 'session'; readonly session: string }
  /** A model answered, and this many tokens were in its context. */
  | {
      readonly kind: 'context';
      readonly used: number;
      /** Tokens that the context window holds. */
      readonly window?: number;
      /** Fill level in tokens from which the agent compacts by itself; undefined when it does not. */
      readonly compactsAt?: number;
    }
  | { readonly kind: 'tool_started'; readonly id: string; readonly name: string }
  | { readonly kind: 'tool_ended'; readonly id: string }
  /** Of this run so far. */
  | { readonly kind: 'spent'; readonly spent: Spent }
  /** A turn began, or went on. */
  | { readonly kind: 'working' }
  /** It has said its last words of this turn, and waits. */
  | { readonly kind: 'turn_ended' }
  /** Something for the log: a retry, a limit that is near, a compaction, a denied tool. */
  | { readonly kind: 'notice'; readonly text: string };

export interface Spent {
  /** Input, cache and output of every answer. */
  readonly tokens: number;
  /** As the agent counts it; undefined when it does not. */
  readonly costUsd?: number;
}

export interface AgentExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last words on standard error. */
  readonly stderr: string;
  /** Why the runner ended it; undefined when it ended by itself. */
  readonly stopped?: 'stopped' | 'hung' | 'flooded' | undefined;
  /** A problem of the start: the program is missing, for example. */
  readonly startProblem?: string | undefined;
}

export const agentOutcomes = [
  /** It says that it is done. The commit has to prove it. */
  'completed',
  /** It says that it is done, but some of its tools were denied: without a commit a fault of the set-up. */
  'permission_denied',
  /** The allowance is used up. */
  'limited',
  'key_refused',
  'no_money',
  /** The model's API does not answer, or has a fault of its own: nothing is wrong with the issue. */
  'api_unavailable',
  'max_turns',
  'budget',
  'context_full',
  'refused_by_model',
  /** It never began: program, option, session or key is missing. */
  'setup_fault',
  /** Its turn was broken off from outside: SIGINT, a hook. */
  'interrupted',
  'crashed',
  /** Ended by a signal: of the runner, or of somebody else. */
  'killed',
] as const;
export type AgentOutcome = (typeof agentOutcomes)[number];

/** Characters of an agent's last words that are kept: a handoff has room for 32 KB. */
export const wordsLimit = 20_000;

export interface AgentEnd {
  readonly outcome: AgentOutcome;
  /** One sentence for a person. */
  readonly message: string;
  /** For `limited`, when it is known. Milliseconds since 1970. */
  readonly limitedUntil?: number | undefined;
  /** For the next run with `resume`. */
  readonly session?: string | undefined;
  /** Its last words, bounded by `wordsLimit`; empty when there are none. */
  readonly text: string;
}
