import { findHistory } from '../claims/views.ts';
import type { Claude } from '../claude/client.ts';
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Gitea } from '../gitea/client.ts';
import type { Bot } from '../handling/bot.ts';
import { commitUpdate } from '../handling/commit-update.ts';
import { createGiteaState } from '../handling/gitea-state.ts';
import { handleIssue, type HandlingDeps } from '../handling/handle-issue.ts';
import type { ConsumerDeps } from '../inbox/consumer.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Logger } from '../log.ts';
import { findCodes } from '../plans/codes.ts';
import { findGiteaDependencies } from '../plans/gitea-edges.ts';
import { findFacts } from '../plans/stored-facts.ts';
import { createReader } from '../reading/reader.ts';
import { createTextReader } from '../reading/text-thread.ts';
import { createClaudeAccess } from './background.ts';
import type { Overrides } from './overrides.ts';

interface IssueHandlingDeps {
  readonly config: Config;
  readonly log: Logger;
  readonly now: () => number;
  readonly db: Database;
  readonly writes: WriteQueue;
  readonly inbox: Inbox;
  readonly bot: Bot;
  readonly gitea: Gitea | undefined;
  readonly claude: Claude | undefined;
  readonly aroundRead: Overrides['aroundRead'];
  readonly stopping: AbortSignal;
  readonly wakeConsumer: () => void;
  readonly wakePublisher: () => void;
  readonly wakeLongPolls: () => void;
}

/** Wires how one issue is handled: the reader, the state on Gitea, and the transaction that ends it. */
export function createIssueHandling(deps: IssueHandlingDeps) {
  const { config, log, now, db, inbox, gitea, claude } = deps;
  const { agents, giteaUrl } = config;
  const agentNames = agents.map(({ name }) => name);
  const claudeAccess =
    claude &&
    config.claude &&
    createClaudeAccess({ ...deps, config: config.claude, claude, db, inbox, now, log });
  const read = createReader({
    agentNames,
    readText: createTextReader({ agentNames, trackerUrl: giteaUrl }),
    claude: claudeAccess?.reader,
  });
  const findStored: HandlingDeps['findFacts'] = (issue) => findFacts(db, issue);
  const giteaState =
    gitea &&
    createGiteaState({
      ...gitea,
      findFacts: findStored,
      findGiteaDependencies: (issue) => findGiteaDependencies(db, issue),
    });
  const handling: HandlingDeps = {
    findFacts: findStored,
    findCodes: (facts) => findCodes(db, facts),
    findHistory: (issue, difficulty) => findHistory(db, issue, difficulty),
    read: deps.aroundRead?.(read) ?? read,
    agents,
    bot: deps.bot.find,
    giteaState,
  };
  const commitDeps = { ...deps, claudePausedUntil: () => claude?.pausedUntil() };

  /** Asks Gitea and Claude outside any transaction; returns the writes that end the group. */
  const handle: ConsumerDeps['handle'] = async (group, signal) => {
    const returnsBefore = claudeAccess?.returns();
    const handled = await handleIssue(group.issue, group.events, handling, signal);
    const claudeReturned = claudeAccess?.returns() !== returnsBefore;
    return (transaction) =>
      commitUpdate(transaction, { ...handled, group, claudeReturned }, commitDeps);
  };
  return { handling, handle };
}
