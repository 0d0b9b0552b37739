import { mkdir, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { removeTree } from '../../gates/checkout/private-directory.ts';
import { leastRecentlyUsed } from '../../lib/places.ts';
import type { Logger } from '../../log.ts';
import { readHead, readRef } from './agent-commits.ts';
import { branchOf, isBranchOf } from './branch-name.ts';
import { openCheckout, type Checkout } from './checkout.ts';
import { findChanges, readFiles, type Author } from './files.ts';
import { isAncestor, localGit, resolve } from './local-git.ts';
import { createMirrors, type RemoteRepository, type RemoteState } from './mirror.ts';
import type { OperatorEnvironment } from './operator-git.ts';
import { createReservations } from './reservations.ts';

/** Checkouts that are kept; older ones are deleted once all their work is on the remote. */
const keptCheckouts = 20;

export interface WorkspaceOptions {
  /** Directory of this runner alone. */
  readonly directory: string;
  readonly environment: OperatorEnvironment;
  readonly author: Author;
  readonly log: Logger;
  readonly keptCheckouts?: number;
}

export interface IssuePlace {
  readonly remote: RemoteRepository;
  readonly number: number;
  readonly title: string;
  /** A branch that an earlier round is said to have pushed to. */
  readonly branch?: string | undefined;
}

/** The mirrors of a runner, below its directory. */
export const mirrorsFolder = 'mirrors';

export type Workspace = ReturnType<typeof createWorkspace>;

/** The checkouts of a runner: one for each issue, on a branch of its own. */
export function createWorkspace({
  directory,
  environment,
  author,
  log,
  ...more
}: WorkspaceOptions) {
  const mirrors = createMirrors({ directory: join(directory, mirrorsFolder), environment });
  const issues = join(directory, 'issues');
  const reservations = createReservations();

  /**
   * Prepares the checkout of an issue; an old one goes on where it was. Dispose of it to let others use it, and to let
   * it be deleted later: a job whose claim was lost may still be ending while the issue is here again.
   * `stop` breaks off that wait and the fetch; what follows, also with the checkout later, goes on until `signal` aborts.
   */
  async function open(
    place: IssuePlace,
    { stop, signal }: { readonly stop: AbortSignal; readonly signal: AbortSignal },
  ): Promise<Checkout & Disposable> {
    const { remote, number } = place;
    const name = `${remote.id}-${number}`;
    const own = join(issues, name);
    const free = await reservations.wait(name, stop);
    try {
      await mkdir(join(directory, mirrorsFolder), { recursive: true, mode: 0o700 });
      const state = await mirrors.update(remote, number, stop);
      const branch = chooseBranch(place, state);
      await mkdir(own, { recursive: true, mode: 0o700 });
      const now = new Date();
      await utimes(own, now, now);
      const checkout = await openCheckout(
        { directory: own, mirrors, remote, number, branch, state, author, log },
        signal,
      );
      return { ...checkout, [Symbol.dispose]: free };
    } catch (error) {
      free();
      throw error;
    }
  }

  /** Deletes the checkouts that were not used for longest, but for those that hold what is nowhere else. */
  async function prune(signal: AbortSignal): Promise<void> {
    for (const name of await leastRecentlyUsed(issues, more.keptCheckouts ?? keptCheckouts)) {
      const free = reservations.take(name);
      if (free === undefined) continue;
      try {
        if (!(await isPushed(name, signal))) continue;
        await removeTree(join(issues, name));
        log.info({ checkout: name }, 'an old checkout whose work is pushed was deleted');
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error, checkout: name }, 'an old checkout could not be deleted');
      } finally {
        free();
      }
    }
  }

  /** True when everything in a checkout is on the remote as well. */
  async function isPushed(name: string, signal: AbortSignal): Promise<boolean> {
    // One that cannot be looked into stays.
    return lookInto(name, signal).catch(() => false);
  }

  async function lookInto(name: string, signal: AbortSignal): Promise<boolean> {
    const [id = 0, number = 0] = name.split('-').map(Number);
    const own = join(issues, name);
    const repository = mirrors.pathOf({ id, url: '' });
    const files = { directory: join(own, 'worktree'), index: join(own, 'index') };
    const known = await resolve({ repository }, `refs/mosaic/${number}/head`, signal);
    const head = await readHead(files.directory);
    const extra = (await readdir(own)).filter((entry) => !['worktree', 'index'].includes(entry));
    if (head === undefined || head !== known || extra.length > 0) return false;
    if ((await readRef(files.directory, 'refs/stash')) !== undefined) return false;
    await readFiles({ repository, files }, head, signal);
    const { paths, repositories } = await findChanges({ repository, files }, signal);
    if (paths.length > 0 || repositories.length > 0) return false;
    const format = ['for-each-ref', '--format=%(objectname)'];
    const refs = [...format, 'refs/remotes/origin/', `refs/mosaic/${number}/pushed`];
    const tips = (await localGit({ repository }, refs, { signal })).split('\n').filter(Boolean);
    for (const tip of tips) if (await isAncestor({ repository }, head, tip, signal)) return true;
    return false;
  }

  return { open, prune };
}

/** The branch of the issue: one that is on the remote already, whatever the title was then, else a new one. */
function chooseBranch({ number, title, branch }: IssuePlace, { branches }: RemoteState): string {
  const wanted = branchOf(number, title);
  const named = branch !== undefined && isBranchOf(number, branch) && branches.has(branch);
  if (named) return branch;
  if (branches.has(wanted)) return wanted;
  return [...branches.keys()].toSorted().at(-1) ?? wanted;
}
