import {
  createResolver,
  type IssueToResolve,
  type ResolvedIssue,
  type ResolveLookups,
} from '../gitea/resolve-issue.ts';
import type { IssueEvent, IssueSnapshot } from '../issue/event.ts';
import { refreshEvent, type IssueFacts } from '../issue/facts.ts';
import type { GiteaDependencies } from '../issue/gitea-dependencies.ts';
import type { Dependency } from '../issue/reading.ts';
import { formatRef, keyOf, type IssueKey, type IssueRef } from '../issue/ref.ts';
import type { Warning } from '../issue/warnings.ts';
import { mapLimited } from '../lib/map-limited.ts';
import type { HandlingResult } from '../plans/issue-update.ts';
import type { UnknownTarget } from '../plans/unknown-targets.ts';
import { addGiteaDependencies } from './add-gitea-dependencies.ts';
import type {
  createGiteaDependencies,
  GiteaDependenciesDeps,
  ReadGiteaDependencies,
} from './gitea-dependencies.ts';

/** Lookups on Gitea, all of which throw `TryAgainLater` while it does not answer, and in the store. */
export interface GiteaStateDeps extends GiteaDependenciesDeps, ResolveLookups {
  readonly findFacts: (issue: IssueKey) => Promise<IssueFacts | undefined>;
  readonly now: () => number;
}

type Sources = GiteaStateDeps & ReturnType<typeof createGiteaDependencies>;

/** Maximum of issues of one text that Gitea is asked about at a time. */
const maxRequestsAtOnce = 5;

/**
 * Checks every issue that a text depends on, and adds the dependencies that are set on Gitea. One that Gitea
 * does not show goes on blocking: it may be created a moment later. Returns a refresh of each issue that is
 * stored in another state.
 */
export async function checkDependencies(
  sources: Sources,
  result: HandlingResult,
  signal: AbortSignal,
): Promise<{ result: HandlingResult; refreshes: IssueEvent[] }> {
  const confirmed = { ...result, confirmed: true };
  if (result.plan === undefined) return { result: confirmed, refreshes: [] };
  const { plan, facts } = result;
  const onGitea = await sources.readGiteaDependencies(addressOf(facts), signal);
  const byTarget = Map.groupBy(plan.reading.dependencies, (target) => refOf(facts, target));
  const listed = new Map(
    snapshotsOf(onGitea).map((issue) => [formatRef(issue).toLowerCase(), issue]),
  );
  const resolve = createResolver(sources);
  const checked = await mapLimited([...byTarget], maxRequestsAtOnce, async ([ref, same]) => {
    const [first] = same;
    if (first === undefined) return nothing;
    const target = targetOf(facts, first);
    const issue = listed.get(ref);
    const found: ResolvedIssue =
      issue === undefined
        ? await resolve(toResolve(facts, target), signal)
        : { kind: 'found', issue };
    return checkTarget(facts, { target, same, found });
  });
  const reading = {
    ...plan.reading,
    dependencies: checked.flatMap(({ dependencies }) => dependencies),
    warnings: [...plan.reading.warnings, ...checked.flatMap(({ warnings }) => warnings)],
  };
  const unknownTargets = checked.flatMap(({ unknown }) => unknown);
  const snapshots = [...checked.flatMap(({ targets }) => targets), ...snapshotsOf(onGitea)];
  const named = new Map(snapshots.map((issue) => [keyOf(issue), issue]));
  named.delete(keyOf(facts));
  return {
    result: withGiteaDependencies(
      { ...confirmed, plan: { ...plan, reading }, unknownTargets },
      onGitea,
    ),
    refreshes: [
      ...(await refreshesOf(sources, [...named.values()])),
      ...(await refreshesOfGone(sources, unknownTargets)),
    ],
  };
}

/** The plan of an issue that the bot cannot read on Gitea: from the store alone, with a warning. */
export async function planFromStore(
  sources: Sources,
  result: HandlingResult,
): Promise<HandlingResult> {
  if (result.plan === undefined) return result;
  const warned = withWarning(result, unreadable(result.facts));
  return withGiteaDependencies(warned, await sources.findGiteaDependencies(result.facts));
}

interface DependencyCheck {
  readonly target: IssueRef;
  /** All dependencies that name this target. */
  readonly same: readonly Dependency[];
  readonly found: ResolvedIssue;
}

interface CheckedTarget {
  readonly dependencies: readonly Dependency[];
  readonly warnings: readonly Warning[];
  readonly targets: readonly IssueSnapshot[];
  readonly unknown: readonly UnknownTarget[];
}

const nothing: CheckedTarget = { dependencies: [], warnings: [], targets: [], unknown: [] };

function checkTarget(facts: IssueFacts, { target, same, found }: DependencyCheck): CheckedTarget {
  if (found.kind === 'unreadable') {
    const unknown = { ...target, repositoryId: undefined, problem: found.kind };
    return { ...nothing, dependencies: same, unknown: [unknown] };
  }
  if (found.kind === 'missing') {
    const { kind: problem, ...where } = found;
    const dependencies = same.map((each) =>
      each.repository === null ? each : { ...each, ...where },
    );
    return { ...nothing, dependencies, unknown: [{ ...target, ...where, problem }] };
  }
  const { issue } = found;
  if (keyOf(issue) === keyOf(facts)) return { ...nothing, warnings: [selfReference(target)] };
  // The present name, where the text has an old one.
  const { repository } = issue;
  const dependencies = same.map((dependency) =>
    dependency.repository === null ? dependency : { ...dependency, repository },
  );
  return { ...nothing, dependencies, targets: [issue] };
}

function toResolve(facts: IssueFacts, target: IssueRef): IssueToResolve {
  const isOwn = target.repository.toLowerCase() === facts.repository.toLowerCase();
  const repositoryId = isOwn ? facts.repositoryId : undefined;
  return { ...target, repositoryId };
}

/** Refreshes of issues that are stored, but were deleted on Gitea without a word. */
async function refreshesOfGone(
  sources: Sources,
  targets: readonly UnknownTarget[],
): Promise<IssueEvent[]> {
  const readable = targets.flatMap(({ repositoryId, number }) =>
    repositoryId === undefined ? [] : [{ repositoryId, number }],
  );
  const stored = await Promise.all(readable.map((issue) => sources.findFacts(issue)));
  return stored.flatMap((facts) => (facts?.deleted === false ? [refreshEvent(facts)] : []));
}

async function refreshesOf(
  sources: Sources,
  issues: readonly IssueSnapshot[],
): Promise<IssueEvent[]> {
  const refreshes = await mapLimited(issues, maxRequestsAtOnce, async (issue) => {
    const stored = await sources.findFacts(issue);
    const isCurrent =
      stored?.deleted === false &&
      stored.open === issue.open &&
      stored.merged === issue.merged &&
      stored.title === issue.title &&
      stored.repository === issue.repository;
    return isCurrent ? [] : [{ kind: 'refreshed' as const, issue }];
  });
  return refreshes.flat();
}

/** Where an issue is, without its text. */
function addressOf({ repositoryId, repository, number }: IssueFacts) {
  return { repositoryId, repository, number };
}

function snapshotsOf({ blockedBy, blocks }: ReadGiteaDependencies): IssueSnapshot[] {
  return [...blockedBy, ...blocks];
}

/** One key for a target, in whatever letter case. */
function refOf(facts: IssueFacts, target: Dependency): string {
  return formatRef(targetOf(facts, target)).toLowerCase();
}

function withGiteaDependencies(
  result: HandlingResult,
  giteaDependencies: GiteaDependencies,
): HandlingResult {
  const { plan, facts } = result;
  if (plan === undefined) return result;
  return {
    ...result,
    giteaDependencies,
    plan: { ...plan, reading: addGiteaDependencies(plan.reading, facts, giteaDependencies) },
  };
}

function targetOf(facts: IssueFacts, { repository, number }: Dependency): IssueRef {
  return { repository: repository ?? facts.repository, number };
}

function withWarning(result: HandlingResult, warning: Warning): HandlingResult {
  const { plan } = result;
  if (plan === undefined) return result;
  const reading = { ...plan.reading, warnings: [...plan.reading.warnings, warning] };
  return { ...result, plan: { ...plan, reading } };
}

function unreadable({ repository }: IssueFacts): Warning {
  return { code: 'gitea_unreadable', params: { repository } };
}

function selfReference(target: IssueRef): Warning {
  return { code: 'self_reference', params: { found: 'target', ref: formatRef(target) } };
}
