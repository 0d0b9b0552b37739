import type { KnownCodes } from '../issue/codes.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import type { IssueFacts } from '../issue/facts.ts';
import type { CodedText } from '../reading/known-issues.ts';
import type { Difficulty, Reading } from '../issue/reading.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { Finding } from '../plans/issue-update.ts';
import type { Truth } from './gitea-state.ts';

/** What handlers need of the world, and no more. */
export interface HandlerDeps {
  readonly findFacts: (issue: IssueKey) => Promise<IssueFacts | undefined>;
  /** Without it codes that stand alone name nothing. */
  readonly findCodes?: (issue: IssueFacts) => Promise<KnownCodes | undefined>;
  /** Tokens that finished issues like this one took; without it none are known. */
  readonly findHistory?: (issue: IssueKey, difficulty: Difficulty) => Promise<readonly number[]>;
  readonly read: (issue: CodedText, signal: AbortSignal) => Promise<Reading>;
  readonly agents: readonly AgentProfile[];
  /** Login of the bot; undefined: any assignee counts. Throws while it cannot be found out. */
  readonly bot: () => Promise<string | undefined>;
  /** What Gitea says now; undefined: what deliveries told is the truth. */
  readonly truth: Truth | undefined;
}

/** Works out what should be stored for an issue as it now is. Twice gives the same. */
export type Handler = (
  facts: IssueFacts,
  deps: HandlerDeps,
  signal: AbortSignal,
) => Promise<Finding>;
