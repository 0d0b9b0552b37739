import { advance, type IssueFacts } from '../../../issue/facts.ts';
import { holdingLabel } from '../../../issue/hold-labels.ts';
import type { IssueSnapshot } from '../../../issue/event.ts';
import type { Reading } from '../../../issue/reading.ts';
import { checkDependencies } from '../../../handling/check-dependencies.ts';
import { createGiteaDependencies } from '../../../handling/gitea-dependencies.ts';
import { mapLimited } from '../../../lib/map-limited.ts';
import type { AgentProfile } from '../../../planning/agent-profiles.ts';
import { planWork, type PlannedWork } from '../../../planning/plan-work.ts';
import type { CodedText } from '../../../reading/known-issues.ts';
import { createCodeIndex, type BacklogSource, type ListedBacklog } from './read-backlog.ts';

/** Number of issues that are read at the same time. */
const concurrency = 4;

/** An issue and its plan. */
export interface PlannedIssue {
  readonly facts: IssueFacts;
  readonly plan: PlannedWork;
  /** The label by which a person holds it back. */
  readonly heldBy: string | undefined;
  /** Blockers on its page that the token does not show. */
  readonly hiddenBlockers: number;
}

interface PlanOptions {
  readonly source: BacklogSource;
  readonly read: (issue: CodedText, signal: AbortSignal) => Promise<Reading>;
  readonly agents: readonly AgentProfile[];
  readonly holdLabels: readonly string[];
  /** Called after each issue that was read. */
  readonly onRead: (done: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Plans listed issues as the service does. All texts, and the blockers set on Gitea where they are switched on, are read
 * first; then the issues outside the list that the texts name are looked up. Rejects with the error of Gitea.
 */
export async function planBacklog(
  { repository, issues }: ListedBacklog,
  { source, read, agents, holdLabels, onRead, signal }: PlanOptions,
): Promise<PlannedIssue[]> {
  const codesOf = createCodeIndex(issues);
  let done = 0;
  const planned = await mapLimited(issues, concurrency, async (issue) => {
    signal.throwIfAborted();
    const [reading] = await Promise.all([
      read({ ...issue, known: codesOf(issue) }, signal),
      repository.dependencies === true ? source.readBlockers(issue, signal) : undefined,
    ]);
    onRead((done += 1));
    const labels = issue.labels ?? [];
    const plan = planWork({ reading, profiles: agents, labels });
    return { facts: factsOf(issue), plan, heldBy: holdingLabel(labels, holdLabels) };
  });
  const deps = {
    ...source,
    listReferringPulls: () => Promise.resolve({ kind: 'ok', value: [] } as const),
    // Nothing is stored.
    findGiteaDependencies: () =>
      Promise.resolve({ blockedBy: [], blocks: [], hidden: 0, complete: true }),
    findFacts: () => Promise.resolve(undefined),
    now: Date.now,
  };
  const sources = { ...deps, ...createGiteaDependencies(deps) };
  const checked: PlannedIssue[] = [];
  for (const { facts, plan, heldBy } of planned) {
    const { result } = await checkDependencies(sources, { facts, assigned: true, plan }, signal);
    const hiddenBlockers = source.hiddenBlockers(facts);
    checked.push({ facts, plan: result.plan ?? plan, heldBy, hiddenBlockers });
  }
  return checked;
}

function factsOf(issue: IssueSnapshot): IssueFacts {
  return advance(undefined, { kind: 'refreshed', issue });
}
