import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { assignAgent } from '../../src/planning/assign-agent.ts';
import { estimateContext } from '../../src/planning/estimate.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import type { Dependency } from '../../src/issue/reading.ts';
import type { IssueUpdate } from '../../src/plans/issue-update.ts';

const repository = 'acme/orbit';

interface Told {
  readonly number: number;
  /** Numbers of the issues it waits for. */
  readonly blockers: readonly number[];
  readonly open: boolean;
  readonly at: number;
  readonly text?: string;
}

/** The update that handling makes of an issue of the bot, for tests and benches of the graph. */
export function issueUpdate({ number, blockers, open, at, text = '' }: Told): IssueUpdate {
  const issue = {
    repositoryId: 2,
    repository,
    number,
    title: `Issue ${number}`,
    body: text,
    bodyCut: false,
  };
  const snapshot = { ...issue, open, assignees: ['bot'], labels: [], updatedAt: at };
  const facts = { ...snapshot, deleted: false, labelsUpdatedAt: at };
  const reading = { ...readOffline(issue, []), dependencies: blockers.map(dependencyOn) };
  const estimate = estimateContext(reading);
  const plan = { reading, estimate, assignment: assignAgent(reading, estimate, builtInAgents) };
  return { facts, assigned: true, plan, names: [{ repository, updatedAt: at }] };
}

function dependencyOn(number: number): Dependency {
  return {
    direction: 'blocked_by',
    repository: null,
    number,
    source: 'declared',
    evidence: `Blocked by #${number}`,
  };
}
