import type { GiteaDependencies } from '../issue/gitea-dependencies.ts';
import type { IssueEvent, IssueSnapshot } from '../issue/event.ts';
import type { IssueFacts } from '../issue/facts.ts';
import { addGiteaDependencies } from './add-gitea-dependencies.ts';
import type { Dependency } from '../issue/reading.ts';
import type { Warning } from '../issue/warnings.ts';
import { formatRef, keyOf, type IssueKey, type IssueRef } from '../issue/ref.ts';
import { resolveIssue, type ResolvedIssue, type ResolveLookups } from '../gitea/resolve-issue.ts';
import type { HandlingResult } from '../plans/issue-update.ts';
import { mapLimited } from '../lib/map-limited.ts';
import {
  createGiteaDependencies,
  type GiteaDependenciesDeps,
  type ReadGiteaDependencies,
} from './gitea-dependencies.ts';

/** What is asked of Gitea. Everything throws `TryAgainLater` while it does not answer. */
export interface GiteaStateDeps extends GiteaDependenciesDeps, ResolveLookups {
  readonly findFacts: (issue: IssueKey) => Promise<IssueFacts | undefined>;
}

export type GiteaState = ReturnType<typeof createGiteaState>;

/** Targets of one issue asked about at a time. */
const requestsAtOnce = 5;

/** Asks Gitea what is true now, of an issue and of those it is tied to. Writes nothing. */
export function createGiteaState({
  getIssue,
  getRepository,
  findFacts,
  ...giteaDependenciesDeps
}: GiteaStateDeps) {
  const lookups = { getIssue, getRepository };
  const dependencies = createGiteaDependencies(giteaDependenciesDeps);

  /**
   * The issue as it is on Gitea, whatever deliveries told, deletion included. Where the bot cannot read
   * the repository, what was told stands, unconfirmed.
   */
  async function currentFacts(
    told: IssueFacts,
    signal: AbortSignal,
  ): Promise<{ facts: IssueFacts; confirmed: boolean }> {
    const found = await resolveIssue(lookups, told, signal);
    if (found.kind === 'unreadable') return { facts: told, confirmed: false };
    if (found.kind === 'missing') return { facts: { ...told, deleted: true }, confirmed: true };
    const { labels, ...issue } = found.issue;
    const facts = { ...issue, labels: labels ?? [], labelsUpdatedAt: issue.updatedAt };
    return { facts: { ...facts, deleted: false }, confirmed: true };
  }

  /**
   * Drops the dependencies on issues that do not exist, with a warning, adds those that are set on Gitea,
   * and returns a look at each issue that the store does not know as it is now.
   */
  async function checkTargets(
    result: HandlingResult,
    signal: AbortSignal,
  ): Promise<{ result: HandlingResult; refreshes: IssueEvent[] }> {
    const confirmed = { ...result, confirmed: true };
    if (result.plan === undefined) return { result: confirmed, refreshes: [] };
    const { plan, facts } = result;
    const tied = await dependencies.readGiteaDependencies(placeOf(facts), signal);
    const byTarget = Map.groupBy(plan.reading.dependencies, (target) => refOf(facts, target));
    const listed = new Map(
      snapshotsOf(tied).map((issue) => [formatRef(issue).toLowerCase(), issue]),
    );
    const checked = await mapLimited([...byTarget], requestsAtOnce, ([ref, same]) =>
      checkTarget(facts, same, { listed: listed.get(ref), signal }),
    );
    const kept = new Set(checked.flatMap(({ dependencies }) => dependencies));
    const reading = {
      ...plan.reading,
      dependencies: [...kept],
      warnings: [...plan.reading.warnings, ...checked.flatMap(({ warnings }) => warnings)],
    };
    const named = new Map(
      [...checked.flatMap(({ targets }) => targets), ...snapshotsOf(tied)].map((issue) => [
        keyOf(issue),
        issue,
      ]),
    );
    named.delete(keyOf(facts));
    return {
      result: withGiteaDependencies({ ...confirmed, plan: { ...plan, reading } }, tied),
      refreshes: await looksAt([...named.values()]),
    };
  }

  /** The same for an issue that the bot cannot read on Gitea: what is stored is all there is. */
  async function leaveUnchecked(result: HandlingResult): Promise<HandlingResult> {
    if (result.plan === undefined) return result;
    const warned = withWarning(result, unreadable(result.facts));
    return withGiteaDependencies(warned, await dependencies.findGiteaDependencies(result.facts));
  }

  /** All dependencies in `same` have one target; `listed`: the target, where Gitea just gave it. */
  async function checkTarget(
    facts: IssueFacts,
    same: readonly Dependency[],
    {
      listed,
      signal,
    }: { readonly listed: IssueSnapshot | undefined; readonly signal: AbortSignal },
  ): Promise<Checked> {
    const [first] = same;
    if (first === undefined) return nothing;
    const target = targetOf(facts, first);
    const found: ResolvedIssue =
      listed === undefined
        ? await findTarget(facts, target, signal)
        : { kind: 'found', issue: listed };
    if (found.kind === 'unreadable')
      return { ...nothing, dependencies: same, warnings: [targetUnreadable(target)] };
    if (found.kind === 'missing') return { ...nothing, warnings: [targetMissing(target)] };
    const { issue } = found;
    if (keyOf(issue) === keyOf(facts)) return { ...nothing, warnings: [selfReference(target)] };
    const { repository } = issue;
    return {
      dependencies: same.map((dependency) =>
        dependency.repository === null ? dependency : { ...dependency, repository },
      ),
      warnings: [],
      targets: [issue],
    };
  }

  async function looksAt(issues: readonly IssueSnapshot[]): Promise<IssueEvent[]> {
    const looks = await mapLimited(issues, requestsAtOnce, async (issue): Promise<IssueEvent[]> =>
      (await isStored(issue)) ? [] : [{ kind: 'refreshed', issue }],
    );
    return looks.flat();
  }

  function findTarget(
    facts: IssueFacts,
    target: IssueRef,
    signal: AbortSignal,
  ): Promise<ResolvedIssue> {
    const isOwn = target.repository.toLowerCase() === facts.repository.toLowerCase();
    const repositoryId = isOwn ? facts.repositoryId : undefined;
    return resolveIssue(lookups, { ...target, repositoryId }, signal);
  }

  async function isStored(issue: IssueSnapshot): Promise<boolean> {
    const known = await findFacts(issue);
    return (
      known !== undefined &&
      !known.deleted &&
      known.open === issue.open &&
      known.title === issue.title &&
      known.repository === issue.repository
    );
  }

  return { currentFacts, checkTargets, leaveUnchecked, ...dependencies };
}

interface Checked {
  readonly dependencies: readonly Dependency[];
  readonly warnings: readonly Warning[];
  readonly targets: readonly IssueSnapshot[];
}

const nothing: Checked = { dependencies: [], warnings: [], targets: [] };

/** No more than where it is: not its text. */
function placeOf({ repositoryId, repository, number }: IssueFacts) {
  return { repositoryId, repository, number };
}

function snapshotsOf({ blockedBy, blocks }: ReadGiteaDependencies): IssueSnapshot[] {
  return [...blockedBy, ...blocks];
}

/** One name for a target, in whatever letter case. */
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

/** The same with one more warning in its plan, where there is one. */
function withWarning(result: HandlingResult, warning: Warning): HandlingResult {
  const { plan } = result;
  if (plan === undefined) return result;
  const reading = { ...plan.reading, warnings: [...plan.reading.warnings, warning] };
  return { ...result, plan: { ...plan, reading } };
}

/** For the plan of an issue whose repository the bot cannot read. */
function unreadable({ repository }: IssueFacts): Warning {
  return { code: 'gitea_unreadable', params: { repository } };
}

function targetMissing(target: IssueRef): Warning {
  return { code: 'target_missing', params: { ref: formatRef(target) } };
}

function targetUnreadable(target: IssueRef): Warning {
  return { code: 'target_unreadable', params: { ref: formatRef(target) } };
}

function selfReference(target: IssueRef): Warning {
  return { code: 'self_reference', params: { found: 'target', ref: formatRef(target) } };
}
