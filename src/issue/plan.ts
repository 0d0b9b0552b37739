import type { Estimate } from './estimate.ts';
import type { CodedSentence } from './coded.ts';
import type { Proposal } from './proposals.ts';
import type { Reading } from './reading.ts';
import { reasonText, type ChoiceReason, type ChosenAgent, type StateReason } from './reasons.ts';
import type { Source } from './source.ts';
import type { Blocker, State } from './state.ts';
import { warningText } from './warning-sentences.ts';
import type { Warning } from './warnings.ts';

/** One end of a dependency as a plan shows it. */
export interface PlanEdge extends Blocker {
  readonly source: Source;
  readonly evidence: string;
  /** Where the issue waits because Claude alone says so: the line in its text that ends that. */
  readonly removeWith?: string | undefined;
}

/** All that is known and decided about one issue. */
export interface Plan {
  readonly ref: string;
  readonly repositoryId: number;
  readonly number: number;
  readonly title: string;
  readonly url: string;
  readonly open: boolean;
  readonly state: State;
  readonly reason: StateReason;
  readonly reading: Omit<Reading, 'dependencies' | 'denied' | 'factorEvidence' | 'warnings'> | null;
  readonly blockedBy: readonly PlanEdge[];
  readonly blocks: readonly PlanEdge[];
  /** Dependencies that block nothing until a person decides. */
  readonly proposals: readonly Proposal[];
  readonly estimate: Estimate | null;
  readonly assignment: ChosenAgent | null;
  readonly warnings: readonly Warning[];
  /** ISO 8601, UTC: when anything above last changed. */
  readonly updatedAt: string;
}

/** A plan as the API and the command line give it: with a sentence beside each code. */
export interface PlanView extends Omit<Plan, 'reason' | 'assignment' | 'warnings'> {
  readonly reason: CodedSentence;
  readonly assignment: ChosenAgentView | null;
  readonly warnings: readonly CodedSentence[];
}

export type ChosenAgentView = Readonly<ReturnType<typeof viewAssignment>>;

export function viewPlan(plan: Plan): PlanView {
  const { reason, assignment, warnings } = plan;
  return {
    ...plan,
    reason: viewReason(reason),
    assignment: assignment === null ? null : viewAssignment(assignment),
    warnings: warnings.map(viewWarning),
  };
}

export function viewReason(reason: StateReason | ChoiceReason): CodedSentence {
  return { code: reason.code, text: reasonText(reason) };
}

export function viewWarning(warning: Warning): CodedSentence {
  return { code: warning.code, text: warningText(warning) };
}

export function viewAssignment({ agent, reason }: ChosenAgent) {
  return { agent, reason: viewReason(reason) };
}

/** The page of an issue below the configured base URL; never a URL from a payload. */
export function issueUrl(giteaUrl: string, repository: string, number: number): string {
  const path = repository.split('/').map(encodeURIComponent).join('/');
  return `${giteaUrl}/${path}/issues/${number}`;
}

/** Path of the page of an issue on this service. */
export function issuePagePath(repository: string, number: number): string {
  return `/issues/${repository.split('/').map(encodeURIComponent).join('/')}/${number}`;
}
