import type { GiteaDependencies, GiteaIssue } from '../issue/gitea-dependencies.ts';
import type { IssueSnapshot } from '../issue/event.ts';
import { giteaDependencyLimit } from './add-gitea-dependencies.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import type { IssueAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import type { LinkedIssues } from '../gitea/issues.ts';
import type { ReadResult } from '../gitea/replies.ts';

/** What is stored of an issue's Gitea dependencies. */
export interface StoredGiteaDependencies extends Omit<GiteaDependencies, 'blockedBy'> {
  /** `open` is undefined where nothing is known of the blocker. */
  readonly blockedBy: readonly (GiteaIssue & { readonly open: boolean | undefined })[];
}

/** Everything that asks Gitea throws `TryAgainLater` while it does not answer. */
export interface GiteaDependenciesDeps extends Pick<Gitea, 'listDependencies' | 'listBlocks'> {
  readonly findGiteaDependencies: (issue: IssueKey) => Promise<StoredGiteaDependencies>;
}

/** What was read, with the whole issues that Gitea lists. */
export interface ReadGiteaDependencies extends GiteaDependencies {
  readonly blockedBy: readonly IssueSnapshot[];
  readonly blocks: readonly IssueSnapshot[];
}

/**
 * Reads the dependencies that are set on Gitea's page of an issue. No event tells of them: they are read
 * whenever the issue is handled.
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

  /** What an issue that is ready must wait for all the same: something set since, or opened again. */
  async function readBlockers(
    place: IssueAddress,
    signal: AbortSignal,
  ): Promise<{ readonly blocked: boolean; readonly closed: readonly IssueKey[] }> {
    const { issues, hidden } = listed(await listDependencies(place, signal));
    const others = issues.filter((issue) => keyOf(issue) !== keyOf(place));
    return {
      blocked: hidden > 0 || others.some(({ open }) => open),
      closed: others.filter(({ open }) => !open),
    };
  }

  /** Whether the store has other Gitea dependencies of an issue than Gitea, or other states of blockers. */
  async function giteaDependenciesDiffer(
    place: IssueAddress,
    signal: AbortSignal,
  ): Promise<boolean> {
    const read = await readGiteaDependencies(place, signal);
    const stored = await findGiteaDependencies(place);
    const self = keyOf(place);
    const blockers = new Map(stored.blockedBy.map((issue) => [keyOf(issue), issue.open]));
    const waitsFor = read.blockedBy.filter((issue) => keyOf(issue) !== self);
    const waiting = new Set(read.blocks.map(keyOf));
    waiting.delete(self);
    for (const issue of waitsFor) waiting.delete(keyOf(issue));
    return (
      read.hidden !== stored.hidden ||
      waitsFor.length !== blockers.size ||
      waitsFor.some((issue) => blockers.get(keyOf(issue)) !== issue.open) ||
      waiting.size !== stored.blocks.length ||
      stored.blocks.some((issue) => !waiting.has(keyOf(issue)))
    );
  }

  return { readGiteaDependencies, readBlockers, giteaDependenciesDiffer, findGiteaDependencies };
}

function listed(reply: ReadResult<LinkedIssues>) {
  return reply.kind === 'ok' ? reply.value : { issues: [], hidden: 0 };
}
