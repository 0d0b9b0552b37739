import { z } from 'zod';

import type { Sandbox } from '../gates/process/sandbox.ts';
import type { ClaimedIssueAnswer, IssueTextAnswer } from '../issue/claim-answers.ts';
import type { Logger } from '../log.ts';
import type { Adapter, Spent } from './adapters/adapter.ts';
import type { AgentProgress } from './agent-progress.ts';
import type { runAgent } from './agent-run.ts';
import type { JobFiles } from './job-files.ts';
import type { Journal, JournalEntry } from './journal.ts';
import type { Handoff, ServiceClient } from './service-client.ts';
import type { StopCause } from './session.ts';
import type { Checkout } from './workspace/checkout.ts';
import type { Workspace } from './workspace/workspace.ts';

/** Limits of one issue, in one claim. */
export interface JobLimits {
  readonly minutes?: number | undefined;
  readonly tokens?: number | undefined;
  readonly costUsd?: number | undefined;
}

/** What an agent gets to reach its model, for one claim. */
export interface ModelAccess {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  /** When the allowance comes back, as the model said. */
  readonly limitedUntil: () => number | undefined;
  readonly close: () => Promise<void>;
}

/** What all jobs of a runner share. */
export interface JobDeps {
  readonly client: ServiceClient;
  readonly workspace: Workspace;
  readonly adapter: Adapter;
  readonly runAgent: typeof runAgent;
  readonly sandbox: Sandbox;
  /** Files beside its program that an agent may read. */
  readonly readOnly: readonly string[];
  /** Directory of this runner alone, for the private directories of agents. */
  readonly directory: string;
  /** The environment of the runner. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The way of an agent to its model, which keeps the key from it; undefined for agents that have one of their own. */
  readonly openModel?: (() => Promise<ModelAccess>) | undefined;
  readonly modelOf: (agent: string) => string | undefined;
  readonly projectSettings: boolean;
  readonly cloneUrl?: string | undefined;
  readonly limits: JobLimits;
  readonly uuid: () => string;
  readonly now: () => number;
  readonly log: Logger;
}

/** What a job shows while it runs. */
export interface JobView {
  readonly issue: string;
  readonly startedAt: number;
  readonly activity: string;
  readonly progress?: AgentProgress | undefined;
  readonly spent: Spent;
}

export interface JobRequest {
  readonly claim: ClaimedIssueAnswer;
  readonly entry: JournalEntry;
  readonly journal: Journal;
  /** Aborts when the runner is to stop: the agent is stopped, and its work goes back. */
  readonly stop: AbortSignal;
  /** Aborts when it is to end at once. */
  readonly abandon: AbortSignal;
  readonly show: (view: JobView) => void;
}

/** A job under way: what its steps read and change. */
export interface Job extends Omit<JobRequest, 'entry'> {
  readonly deps: JobDeps;
  readonly log: Logger;
  readonly checkout: Checkout;
  readonly home: string;
  readonly model: ModelAccess | undefined;
  readonly files: JobFiles;
  readonly text: IssueTextAnswer | undefined;
  /** What is noted in the journal as well. */
  readonly state: JournalEntry;
  readonly note: (more: Partial<JournalEntry>) => Promise<void>;
  /** Of the claim so far. */
  readonly spent: () => Spent;
  readonly onProgress: (progress: AgentProgress) => void;
  readonly activity: (words: string) => void;
  readonly onRotate: (rotate: () => void) => void;
  /** Aborts when the agent is to be stopped, for the first cause that there is. */
  readonly halt: AbortSignal;
  readonly haltCause: () => StopCause | undefined;
  /** Aborts when the claim has ended without us. */
  readonly lost: AbortSignal;
}

const handoffSchema = z.union([z.string(), z.record(z.string(), z.unknown())]);

/** What was left for this claim, in the form in which it can be left again. */
export function leftBefore({ handoff }: ClaimedIssueAnswer): Handoff | undefined {
  return handoffSchema.safeParse(handoff?.content).data;
}

const reviewSchema = z.looseObject({ branch: z.string().max(300) });

/** The branch that a review speaks of; it is used only when it is one of the issue. */
export function branchLeft({ handoff }: ClaimedIssueAnswer): string | undefined {
  return reviewSchema.safeParse(handoff?.content).data?.branch;
}
