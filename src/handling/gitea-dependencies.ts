import type { NativeDependencies, NativeIssue } from '../issue/gitea-dependencies.ts';
import type { IssueSnapshot } from '../issue/event.ts';
import { nativeLimit } from './add-gitea-dependencies.ts';
import { keyOf, type IssueKey, type IssueRef } from '../issue/ref.ts';

type Place = IssueKey & IssueRef;

/** One list of Gitea; what the bot may not read is only counted. */
type Listed =
  | {
      readonly kind: 'ok';
      readonly value: { readonly issues: readonly IssueSnapshot[]; readonly hidden: number };
    }
  /** No such issue, or dependencies are switched off in its repository. */
  | { readonly kind: 'missing' };

/** What is stored of an issue's native dependencies. */
export interface StoredNative extends Omit<NativeDependencies, 'blockedBy'> {
  /** `open` is undefined where nothing is known of the blocker. */
  readonly blockedBy: readonly (NativeIssue & { readonly open: boolean | undefined })[];
}

/** Everything that asks Gitea throws `TryAgainLater` while it does not answer. */
export interface NativeDeps {
  readonly listDependencies: (place: Place, signal: AbortSignal) => Promise<Listed>;
  readonly listBlocks: (place: Place, signal: AbortSignal) => Promise<Listed>;
  readonly findNative: (issue: IssueKey) => Promise<StoredNative>;
}

/** What was read, with the whole issues that Gitea lists. */
export interface ReadNative extends NativeDependencies {
  readonly blockedBy: readonly IssueSnapshot[];
  readonly blocks: readonly IssueSnapshot[];
}

/**
 * Reads the dependencies that are set on Gitea's page of an issue. No event tells of them: they are read
 * whenever the issue is handled.
 */
export function createNative({ listDependencies, listBlocks, findNative }: NativeDeps) {
  async function readNative(place: Place, signal: AbortSignal): Promise<ReadNative> {
    const [dependencies, blocks] = await Promise.all([
      listDependencies(place, signal),
      listBlocks(place, signal),
    ]);
    const blockers = listed(dependencies);
    const waiting = listed(blocks);
    return {
      blockedBy: blockers.issues.slice(0, nativeLimit),
      blocks: waiting.issues.slice(0, nativeLimit),
      hidden: blockers.hidden,
      complete: [blockers, waiting].every(
        ({ issues, hidden }) => issues.length + hidden < nativeLimit,
      ),
    };
  }

  /** What an issue that is ready must wait for all the same: something set since, or opened again. */
  async function readBlockers(
    place: Place,
    signal: AbortSignal,
  ): Promise<{ readonly blocked: boolean; readonly closed: readonly IssueKey[] }> {
    const { issues, hidden } = listed(await listDependencies(place, signal));
    const others = issues.filter((issue) => keyOf(issue) !== keyOf(place));
    return {
      blocked: hidden > 0 || others.some(({ open }) => open),
      closed: others.filter(({ open }) => !open),
    };
  }

  /** Whether the store has other native dependencies of an issue than Gitea, or other states of blockers. */
  async function nativeDiffers(place: Place, signal: AbortSignal): Promise<boolean> {
    const read = await readNative(place, signal);
    const stored = await findNative(place);
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

  return { readNative, readBlockers, nativeDiffers, findNative };
}

function listed(reply: Listed) {
  return reply.kind === 'ok' ? reply.value : { issues: [], hidden: 0 };
}
