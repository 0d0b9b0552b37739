import { findHistory } from '../claims/views.ts';
import { commitUpdate } from '../handling/commit-update.ts';
import { createGiteaState } from '../handling/gitea-state.ts';
import { handleIssue, type HandlingDeps } from '../handling/handle-issue.ts';
import type { ConsumerDeps } from '../inbox/consumer.ts';
import { createRepositoryCheck } from '../handling/repository-check.ts';
import { isWaitedFor } from '../plans/blockers.ts';
import { findCodes } from '../plans/codes.ts';
import { findGiteaDependencies } from '../plans/gitea-edges.ts';
import { findFacts } from '../plans/stored-facts.ts';
import { createReader } from '../reading/reader.ts';
import { createTextReader, isLongText } from '../reading/text-reader.ts';
import { createClaudeAccess } from './background.ts';
import type { Parts } from './parts.ts';

type HandlingParts = Pick<
  Parts,
  | ('config' | 'overrides' | 'log' | 'now' | 'stopping' | 'db' | 'writes' | 'inbox' | 'bot')
  | ('gitea' | 'claude' | 'longPolls' | 'wakeConsumer' | 'wakePublisher')
>;

/** Wires how one issue is handled: the reader, the state on Gitea, and the transaction that ends it. */
export function createIssueHandling(parts: HandlingParts) {
  const { config, overrides, db, gitea, claude, longPolls } = parts;
  const { agents, giteaUrl } = config;
  const agentNames = agents.map(({ name }) => name);
  const claudeAccess = claude && config.claude && createClaudeAccess(parts, claude, config.claude);
  const reader = createReader({
    agentNames,
    readText: createTextReader({ agentNames, trackerUrl: giteaUrl }),
    claude: claudeAccess?.reader,
  });
  const findStored: HandlingDeps['findFacts'] = (issue) => findFacts(db, issue);
  const giteaState =
    gitea &&
    createGiteaState({
      ...gitea,
      now: parts.now,
      findFacts: findStored,
      findGiteaDependencies: (issue) => findGiteaDependencies(db, issue),
    });
  const { comment, labels } = config.publish;
  const repositoryCheck =
    gitea &&
    createRepositoryCheck({
      ...parts,
      gitea,
      publishes: comment || labels,
      wakeLongPolls: longPolls.wake,
    });
  const handling: HandlingDeps = {
    findFacts: findStored,
    findCodes: (facts) => findCodes(db, facts),
    findHistory: (issue, difficulty) => findHistory(db, issue, difficulty),
    read: overrides.aroundRead?.(reader) ?? reader,
    agents,
    isWaitedFor: (issue) => isWaitedFor(db, issue),
    holdLabels: config.holdLabels,
    bot: parts.bot.find,
    giteaState,
  };
  const commitDeps = {
    ...parts,
    wakeLongPolls: longPolls.wake,
    claudePausedUntil: () => claude?.pausedUntil(),
  };

  /** Asks Gitea and Claude outside any transaction; returns the writes that end the group. */
  const handle: ConsumerDeps['handle'] = async (group, signal, slot) => {
    const read: HandlingDeps['read'] = async (issue, stop) => {
      if (isLongText(issue)) await slot.beLong(stop);
      return handling.read(issue, stop);
    };
    const returnsBefore = claudeAccess?.returns();
    const handled = await handleIssue(group.issue, group.events, { ...handling, read }, signal);
    const { facts, confirmed } = handled.update;
    await repositoryCheck?.checkIfNeeded(facts, confirmed === true, signal);
    return (transaction) => {
      // Compared here, in the write queue: Claude may also come back while this waits for its turn.
      const claudeReturned = claudeAccess?.returns() !== returnsBefore;
      return commitUpdate(transaction, { ...handled, group, claudeReturned }, commitDeps);
    };
  };
  return { handling, handle, repositoryCheck };
}
