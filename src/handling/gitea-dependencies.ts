import type { GiteaDependencies, GiteaIssue } from '../issue/gitea-dependencies.ts';
import type { IssueSnapshot } from '../issue/event.ts';
import { giteaDependencyLimit } from './add-gitea-dependencies.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import type { IssueAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import type { LinkedIssues } from '../gitea/issues.ts';
import type { ReadResult } from '../gitea/replies.ts';

/** The stored Gitea dependencies of an issue. */
export interface StoredGiteaDependencies extends Omit<GiteaDependencies, 'blockedBy'> {
  /** `open` is undefined for a blocker that is not stored, `merged` for one that is no pull request. */
  readonly blockedBy: readonly (GiteaIssue & {
    readonly open: boolean | undefined;
    readonly merged: boolean | undefined;
  })[];
}

/** Issues set as blockers on Gitea that do not block: parents, and those that it was resumed without. */
export interface FreeingIssues {
  readonly parents: readonly IssueKey[];
  readonly waived: readonly IssueKey[];
}

/** Calls to Gitea throw `TryAgainLater` while it does not answer. */
export interface GiteaDependenciesDeps extends Pick<
  Gitea,
  'listDependencies' | 'listBlocks' | 'listReferringPulls'
> {
  readonly findGiteaDependencies: (issue: IssueKey) => Promise<StoredGiteaDependencies>;
}

/** Dependencies with the whole issues that Gitea lists. */
export interface ReadGiteaDependencies extends GiteaDependencies {
  readonly blockedBy: readonly IssueSnapshot[];
  readonly blocks: readonly IssueSnapshot[];
}

/**
 * Reads the dependencies that are set on Gitea's page of an issue. Gitea sends no event for them, so they
 * are read whenever the issue is handled.
 */
export function createGiteaDependencies({
  listDependencies,
  listBlocks,
  findGiteaDependencies,
}: GiteaDependenciesDeps) {
  async function readGiteaDependencies(
    place: IssueAddress,
    signal: AbortSignal,
  ): Promise<ReadGiteaDependencies> {
    const [dependencies, blocks] = await Promise.all([
      listDependencies(place, signal),
      listBlocks(place, signal),
    ]);
    const blockers = listed(dependencies);
    const waiting = listed(blocks);
    return {
      blockedBy: blockers.issues.slice(0, giteaDependencyLimit),
      blocks: waiting.issues.slice(0, giteaDependencyLimit),
      hidden: blockers.hidden,
      complete: [blockers, waiting].every(
        ({ issues, hidden }) => issues.length + hidden < giteaDependencyLimit,
      ),
    };
  }

  /**
   * Open and closed blockers of a ready issue: one may have been set or reopened since. Its parents block
   * nothing, and a pull request that was closed without a merge nothing that was resumed without it.
   */
  async function readBlockers(
    place: IssueAddress,
    { parents, waived }: FreeingIssues,
    signal: AbortSignal,
  ): Promise<{ readonly blocked: boolean; readonly closed: readonly IssueKey[] }> {
    const { issues, hidden } = listed(await listDependencies(place, signal));
    const ignored = new Set([place, ...parents].map(keyOf));
    const without = new Set(waived.map(keyOf));
    const others = issues.filter((issue) => !ignored.has(keyOf(issue)));
    const blocks = (issue: IssueSnapshot) =>
      issue.open || (issue.merged === false && !without.has(keyOf(issue)));
    return {
      blocked: hidden > 0 || others.some(blocks),
      closed: others.filter(({ open }) => !open),
    };
  }

  /** True when the stored dependencies, or the states of the blockers, differ from those on Gitea. */
  async function giteaDependenciesDiffer(
    place: IssueAddress,
    signal: AbortSignal,
  ): Promise<boolean> {
    const read = await readGiteaDependencies(place, signal);
    const stored = await findGiteaDependencies(place);
    const self = keyOf(place);
    const blockers = new Map(stored.blockedBy.map((issue) => [keyOf(issue), issue]));
    const isAsStored = (issue: IssueSnapshot) => {
      const known = blockers.get(keyOf(issue));
      return known?.open === issue.open && known.merged === issue.merged;
    };
    const waitsFor = read.blockedBy.filter((issue) => keyOf(issue) !== self);
    const waiting = new Set(read.blocks.map(keyOf));
    waiting.delete(self);
    for (const issue of waitsFor) waiting.delete(keyOf(issue));
    return (
      read.hidden !== stored.hidden ||
      waitsFor.length !== blockers.size ||
      !waitsFor.every(isAsStored) ||
      waiting.size !== stored.blocks.length ||
      stored.blocks.some((issue) => !waiting.has(keyOf(issue)))
    );
  }

  return { readGiteaDependencies, readBlockers, giteaDependenciesDiffer, findGiteaDependencies };
}

function listed(reply: ReadResult<LinkedIssues>) {
  return reply.kind === 'ok' ? reply.value : { issues: [], hidden: 0 };
}
