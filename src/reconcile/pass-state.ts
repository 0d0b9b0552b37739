import { TryAgainLater } from '../errors.ts';
import type { IssueEvent, IssueSnapshot } from '../issue/event.ts';
import type { RepositoryAddress } from '../gitea/address.ts';
import type { ResolvedIssue } from '../gitea/resolve-issue.ts';
import type { LookupTarget } from '../plans/unknown-targets.ts';
import type { IssueFacts } from '../issue/facts.ts';
import { formatRef, keyOf, type IssueKey, type IssueRef } from '../issue/ref.ts';
import { mapLimited } from '../lib/map-limited.ts';
import type { Logger } from '../log.ts';
import { differencesOf, type Difference, type StoredIssue } from './difference.ts';
import type { MissedWebhooks } from './missed-webhooks.ts';
import type { Progress, StoredList } from './rows.ts';
import type { AskPage } from './search-pages.ts';

export interface PassOutcome {
  readonly full: boolean;
  readonly differences: number;
  readonly missed: number;
  /** Issues that Gitea gave no answer about, while it answered other calls. */
  readonly skipped: number;
}

interface UnknownLookups {
  /** Unknown issues in the order of their edges, from one on; `all`: also those missing for long or never looked up. */
  readonly list: (after: number, limit: number, all: boolean) => Promise<readonly LookupTarget[]>;
  /** Called once a pass. */
  readonly createResolver: () => (
    target: LookupTarget,
    signal: AbortSignal,
  ) => Promise<ResolvedIssue>;
}

interface RepositoryChecks {
  /** Repositories with open issues of the bot, those asked about longest ago first. */
  readonly list: (shutOnly: boolean, limit: number) => Promise<readonly RepositoryAddress[]>;
  readonly check: (repository: RepositoryAddress, signal: AbortSignal) => Promise<unknown>;
}

export interface ReconcileDeps {
  readonly searchIssues: AskPage;
  /** Reads an issue from Gitea; not `confirmed` when the bot cannot read its repository. */
  readonly currentFacts: (
    stored: IssueFacts,
    signal: AbortSignal,
  ) => Promise<{ readonly facts: IssueFacts; readonly confirmed: boolean }>;
  /** Whether Gitea has other dependencies of the issue than the store. Without it, they are not read. */
  readonly giteaDependenciesDiffer?: (issue: StoredIssue, signal: AbortSignal) => Promise<boolean>;
  /** The issues that texts name and nobody has seen. Without it, they are not looked up. */
  readonly unknown?: UnknownLookups;
  /** The repositories of the bot's issues. Without it, they are not asked about. */
  readonly repositories?: RepositoryChecks;
  readonly bot: () => Promise<string | undefined>;
  /** Login of the token's user. */
  readonly tokenUser: (signal: AbortSignal) => Promise<string>;
  readonly store: {
    readonly progress: () => Promise<Progress>;
    readonly find: (issues: readonly IssueKey[]) => Promise<readonly StoredIssue[]>;
    /** Stored issues in the order of their keys, without texts. */
    readonly list: (
      which: StoredList,
      after: IssueKey | undefined,
      limit: number,
    ) => Promise<readonly StoredIssue[]>;
    readonly finish: (progress: Progress, outcome: PassOutcome) => Promise<void>;
  };
  /** Puts refreshes into the inbox; returns the issues that did not wait there already. */
  readonly add: (events: readonly IssueEvent[]) => Promise<readonly IssueKey[]>;
  /** Makes the publisher verify our comments and labels on Gitea. */
  readonly requestVerification?: () => Promise<void>;
  /** Gitea's time now, from the Date header of its last answer; undefined while it is unknown. */
  readonly giteaNow: () => number | undefined;
  readonly missed: MissedWebhooks;
  readonly log: Logger;
}

/** State that outlives a pass, but not the process. */
export interface PassMemory {
  /** Last issue of the round that reads the dependencies of the bot's open issues. */
  dependenciesUpTo: IssueKey | undefined;
  /** Last edges of the rounds that look up unknown issues, of full passes and others; 0: from the beginning. */
  readonly unknownUpTo: { full: number; recent: number };
  lastUser: string | undefined;
  lastFailed: boolean;
  /** `updatedAt` of each moved issue when its dependencies were last read. */
  readonly dependenciesReadAt: Map<string, number>;
}

/** State of one pass. */
export interface Pass {
  readonly deps: ReconcileDeps;
  readonly memory: PassMemory;
  readonly bot: string | undefined;
  readonly user: string;
  readonly signal: AbortSignal;
  /** Keys of the issues that were compared. */
  readonly seen: Set<string>;
  /** Repositories whose new name is in the inbox. */
  readonly renamed: Set<number>;
  readonly unreadable: Set<number>;
  /** Planned issues without differences whose `updatedAt` moved on Gitea. */
  readonly moved: Map<string, { readonly stored: StoredIssue; readonly updatedAt: number }>;
  differences: number;
  skipped: number;
  /** Newest `updatedAt` that was listed. */
  newest: number | undefined;
}

export function createPassState(
  context: Pick<Pass, 'deps' | 'memory' | 'bot' | 'user' | 'signal'>,
): Pass {
  return {
    ...context,
    seen: new Set(),
    renamed: new Set(),
    unreadable: new Set(),
    moved: new Map(),
    differences: 0,
    skipped: 0,
    newest: undefined,
  };
}

/** Maximum of issues side by side. */
const maxRequests = 4;
/** Maximum of issues that fail in one pass: with more failures, Gitea is out of order and the pass fails. */
const maxSkipped = 10;

export async function addEvents(pass: Pass, events: readonly IssueEvent[]): Promise<void> {
  if (events.length === 0) return;
  const added = await pass.deps.add(events);
  pass.differences += added.length;
}

/** Differences between a stored issue and Gitea's. The new name of a repository counts once a pass. */
export function findDifferences(
  pass: Pass,
  stored: StoredIssue | undefined,
  issue: IssueSnapshot,
): Difference[] {
  const found = differencesOf(stored, issue, pass.bot);
  if (!found.includes('name')) return found;
  if (pass.renamed.has(issue.repositoryId)) return found.filter((each) => each !== 'name');
  pass.renamed.add(issue.repositoryId);
  return found;
}

/** Stored issues by their key. */
export async function findStoredByKey(
  { deps }: Pass,
  issues: readonly IssueKey[],
): Promise<Map<string, StoredIssue>> {
  return new Map((await deps.store.find(issues)).map((stored) => [keyOf(stored), stored]));
}

/** Handles issues side by side. One that Gitea cannot answer about is skipped, so that it hides no others. */
export function forEachStored(
  pass: Pass,
  issues: readonly StoredIssue[],
  work: (stored: StoredIssue) => Promise<void>,
): Promise<void> {
  return forEach(pass, issues, { work, nameOf: formatRef });
}

/** The same for issues that are only named, in groups of one target. */
export function forEachTarget<T extends IssueRef>(
  pass: Pass,
  groups: readonly (readonly T[])[],
  work: (same: readonly T[]) => Promise<void>,
): Promise<void> {
  return forEach(pass, groups, { work, nameOf: ([first]) => (first ? formatRef(first) : '') });
}

async function forEach<T>(
  pass: Pass,
  items: readonly T[],
  { work, nameOf }: { work: (item: T) => Promise<void>; nameOf: (item: T) => string },
): Promise<void> {
  pass.signal.throwIfAborted();
  await mapLimited(items, maxRequests, async (item) => {
    try {
      await work(item);
    } catch (error) {
      if (!(error instanceof TryAgainLater) || pass.skipped >= maxSkipped) throw error;
      pass.skipped += 1;
      pass.deps.log.warn({ err: error, ref: nameOf(item) }, 'an issue could not be compared');
    }
  });
}

export function isPlanned(stored: StoredIssue): boolean {
  return stored.open && stored.assigned && !stored.deleted;
}

export function latest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}
