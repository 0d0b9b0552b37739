import type { Logger } from '../../log.ts';
import { importCommit, readRef } from './agent-commits.ts';
import { isAncestor, localGit, resolve } from './local-git.ts';
import { isUnusable } from './workspace-error.ts';

/** Strays of one issue that an agent is shown: the newest. */
const maxShown = 5;

interface IssueRepository {
  readonly repository: string;
  readonly number: number;
}

export interface StrayOptions extends IssueRepository {
  /** Files of the agent. */
  readonly directory: string;
  readonly branch: string;
  /** What the work goes on from. */
  readonly commit: string;
  readonly log: Logger;
}

/**
 * Keeps what an agent committed or stashed, and the commit that is checked out does not have: one that is killed in the
 * middle of a rebase, or of a stash, leaves its work there. It stays in the mirror, and the agent finds it as a branch.
 */
export async function keepStrays(
  { repository, number, directory, branch, commit, log }: StrayOptions,
  signal: AbortSignal,
): Promise<void> {
  const pushed = await resolve({ repository }, `refs/mosaic/${number}/pushed`, signal);
  const reached = [commit, ...(pushed === undefined ? [] : [pushed])];
  for (const ref of [`refs/heads/${branch}`, 'refs/stash']) {
    const stray = await readRef(directory, ref);
    if (stray === undefined) continue;
    try {
      await importCommit({ repository, directory, commit: stray }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isUnusable(error)) throw error;
      log.warn({ err: error, ref }, 'what an agent left aside cannot be read');
      continue;
    }
    if (await isReached(stray)) continue;
    const kept = `refs/mosaic/${number}/kept/${stray.slice(0, 12)}`;
    await localGit({ repository }, ['update-ref', kept, stray], { signal });
    log.warn({ ref, commit: stray }, 'work that is not in the commit checked out is kept');
  }

  async function isReached(stray: string): Promise<boolean> {
    for (const tip of reached)
      if (await isAncestor({ repository }, stray, tip, signal)) return true;
    return false;
  }
}

/** What was kept of an issue: commits by the name of their branch. */
export async function straysOf(
  { repository, number }: IssueRepository,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const args = [
    'for-each-ref',
    ...['--format=%(refname:lstrip=4) %(objectname)', '--sort=-committerdate'],
    ...[`--count=${maxShown}`, `refs/mosaic/${number}/kept/`],
  ];
  const lines = (await localGit({ repository }, args, { signal })).split('\n').filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [name = '', commit = ''] = line.split(' ');
      return [`kept/${name}`, commit] as const;
    }),
  );
}
