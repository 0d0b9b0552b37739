import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Logger } from '../../log.ts';
import { importCommit, readHead, readRef } from './agent-commits.ts';
import { writeDotGit } from './dot-git.ts';
import {
  commitPaths,
  findChanges,
  mergeCommits,
  readablePath,
  readFiles,
  type Author,
} from './files.ts';
import { isAncestor, localGit, resolve, tryGit, type GitPlace } from './local-git.ts';
import type { Mirrors, RemoteRepository, RemoteState } from './mirror.ts';
import { keepStrays, straysOf } from './strays.ts';
import { isUnusable, WorkspaceError } from './workspace-error.ts';

/** Pushes before giving up on a branch that others push to all the time. */
const maxPushes = 3;
/** Longest file of the base that is read. */
const maxFileBytes = 64 * 1024;

export interface CheckoutOptions {
  /** Directory of the issue, of which the agent sees `worktree` alone. */
  readonly directory: string;
  readonly mirrors: Mirrors;
  readonly remote: RemoteRepository;
  readonly number: number;
  readonly branch: string;
  readonly state: RemoteState;
  readonly author: Author;
  readonly log: Logger;
}

/** What an agent left in its checkout. */
export interface Found {
  readonly head: string;
  /** The head has commits that the base does not have. */
  readonly isAhead: boolean;
  /** Paths that are not committed. */
  readonly uncommitted: readonly string[];
}

export type PushResult =
  | { readonly kind: 'pushed'; readonly commit: string }
  /** Somebody else pushed what conflicts; the agent finds it as `origin/<branch>`. */
  | { readonly kind: 'conflict' };

export type Checkout = Awaited<ReturnType<typeof openCheckout>>;

/**
 * The files of one issue, in which an agent works with a git of its own. The runner never runs git on what the agent
 * may have written: it reads the commit that is checked out, and the objects as data, into its mirror, and looks at the
 * files by an index of its own. Whatever was there when it is opened is taken over: commits, and files that were not
 * committed, which become a commit.
 */
export async function openCheckout(options: CheckoutOptions, signal: AbortSignal) {
  const { directory, mirrors, remote, number, branch, state, author, log } = options;
  const repository = mirrors.pathOf(remote);
  const files = { directory: join(directory, 'worktree'), index: join(directory, 'index') };
  const place: GitPlace = { repository, files };
  const refs = {
    /** The newest commit that was taken over. */
    head: `refs/mosaic/${number}/head`,
    pushed: `refs/mosaic/${number}/pushed`,
    /** Set while files are written: all that was there before is committed, and they may be thrown away. */
    moving: `refs/mosaic/${number}/moving`,
  };
  const heads = new Map([[state.baseBranch, state.base], ...state.branches]);

  await mkdir(files.directory, { recursive: true });
  await rm(`${files.index}.lock`, { force: true });
  const local = await takeOver();
  const start = await startFrom(local);
  await moveTo(start.commit);

  async function setRef(name: string, commit: string): Promise<void> {
    await localGit({ repository }, ['update-ref', name, commit], { signal });
  }

  /** The commit that the files go on from, all that was in them included; undefined when there is none. */
  async function takeOver(): Promise<string | undefined> {
    const moving = await resolve({ repository }, refs.moving, signal);
    if (moving !== undefined) return moving;
    const known = await resolve({ repository }, refs.head, signal);
    if ((await readdir(files.directory)).length === 0) return known;
    try {
      const found = await look(known);
      if (found.paths.length === 0) return found.head;
      log.warn({ paths: found.paths.length }, 'files were not committed: they are now');
      return await commitAll('wip: files that an agent left when it was stopped');
    } catch (error) {
      signal.throwIfAborted();
      if (!isUnusable(error)) throw error;
      const aside = `${files.directory}.kept-${Date.now()}`;
      await rename(files.directory, aside);
      await mkdir(files.directory, { recursive: true });
      log.error({ err: error, kept: aside }, 'an old checkout cannot be used: it is kept aside');
      return known;
    }
  }

  /** Where the work goes on, and whether the remote branch has something that conflicts with it. */
  async function startFrom(commit: string | undefined) {
    const there = state.branches.get(branch);
    const begin = { commit: there ?? state.base, conflict: false };
    if (commit === undefined || commit === there) return begin;
    const pushed = await resolve({ repository }, refs.pushed, signal);
    // Its branch was deleted after it had been pushed: that work is done with.
    if (there === undefined && commit === pushed) return begin;
    if (await isAncestor({ repository }, commit, begin.commit, signal)) return begin;
    const isNewer =
      there === undefined || (await isAncestor({ repository }, there, commit, signal));
    if (isNewer) return { commit, conflict: false };
    const merged = await merge(commit, there);
    return { commit: merged ?? commit, conflict: merged === undefined };
  }

  function merge(ours: string, theirs: string): Promise<string | undefined> {
    const message = `Merge what was pushed to ${branch} meanwhile`;
    return mergeCommits(place, { ours, theirs, message, author }, signal);
  }

  /** Writes the files of a commit in place of those of the present one, and the agent's repository anew. */
  async function moveTo(commit: string): Promise<void> {
    await setRef(refs.moving, commit);
    await rm(files.index, { force: true });
    const from = await resolve({ repository }, refs.head, signal);
    if (from !== undefined) await readFiles(place, from, signal);
    // Nothing is lost by it: all but ignored files is committed.
    await localGit(place, ['read-tree', '--reset', '-u', commit], { signal });
    await settle(commit);
  }

  async function settle(commit: string): Promise<void> {
    const own = { ...{ repository, directory: files.directory, number, branch, log }, commit };
    await keepStrays(own, signal);
    await writeDotGit(files.directory, {
      ...{ repository, commit, branch, remoteBranches: heads, url: remote.url, author },
      branches: await straysOf({ repository, number }, signal),
      index: files.index,
    });
    await setRef(refs.head, commit);
    // While it is there, what the agent makes is not taken over.
    await localGit({ repository }, ['update-ref', '-d', refs.moving], { signal });
  }

  async function look(otherwise?: string) {
    const head = (await readHead(files.directory)) ?? otherwise;
    if (head === undefined)
      throw new WorkspaceError('unusable', `${files.directory} has no commit checked out.`);
    await importCommit({ repository, directory: files.directory, commit: head }, signal);
    await setRef(refs.head, head);
    await readFiles(place, head, signal);
    const { paths } = await findChanges(place, signal);
    const ahead = paths.length === 0 ? await aheadOf(head) : undefined;
    if (ahead === undefined) return { head, paths };
    await setRef(refs.head, ahead);
    return { head: ahead, paths };
  }

  /** What the branch has beyond an older commit that the agent checked out to look at it. */
  async function aheadOf(head: string): Promise<string | undefined> {
    const tip = await readRef(files.directory, `refs/heads/${branch}`);
    if (tip === undefined || tip === head) return undefined;
    try {
      await importCommit({ repository, directory: files.directory, commit: tip }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isUnusable(error)) throw error;
      // What is checked out can be read, and counts.
      return undefined;
    }
    return (await isAncestor({ repository }, head, tip, signal)) ? tip : undefined;
  }

  async function find(): Promise<Found> {
    const { head, paths } = await look();
    const isAhead = !(await isAncestor({ repository }, head, state.base, signal));
    return { head, isAhead, uncommitted: paths.map(readablePath) };
  }

  async function commitAll(message: string): Promise<string> {
    const { head, paths } = await look(await resolve({ repository }, refs.head, signal));
    if (paths.length === 0) return head;
    const work = { paths, parent: head, message, author };
    const commit = await commitPaths(place, work, signal);
    await setRef(refs.head, commit);
    await settle(commit);
    return commit;
  }

  return {
    directory: files.directory,
    branch,
    baseBranch: state.baseBranch,
    base: state.base,
    /** For the agent to read. */
    objects: join(repository, 'objects'),
    /** The commit that the work begins with; other than the base when there is earlier work. */
    start: start.commit,
    /** True when `origin/<branch>` has to be merged by the agent. */
    conflict: start.conflict,
    /** Branches that hold what earlier sessions had aside, in a rebase or a stash. */
    kept: [...(await straysOf({ repository, number }, signal)).keys()],

    /** Takes over what the agent has committed, and looks at the rest. */
    find,

    /** Commits what the agent left; resolves to the head. */
    commitAll,

    /** Pushes what was taken over last, with what others pushed to the branch merged into it. */
    async push(): Promise<PushResult> {
      for (let pushes = 1; ; pushes += 1) {
        const commit = (await resolve({ repository }, refs.head, signal)) ?? state.base;
        const pushed = await mirrors.push(remote, { commit, branch }, signal);
        if (pushed.kind === 'pushed') {
          heads.set(branch, commit);
          await setRef(refs.pushed, commit);
          return { kind: 'pushed', commit };
        }
        if (pushes === maxPushes)
          throw new WorkspaceError('remote', `Others push to ${branch} all the time.`);
        heads.set(branch, pushed.head);
        const merged = await merge(commit, pushed.head);
        if (merged === undefined) {
          await settle(commit);
          return { kind: 'conflict' };
        }
        await moveTo(merged);
      }
    },

    /** A file of the base branch, which agents cannot change; undefined when there is none, or it is large. */
    async readBase(path: string): Promise<string | undefined> {
      const args = ['cat-file', 'blob', `${state.base}:${path}`];
      const read = await tryGit({ repository }, args, { signal, maxBytes: maxFileBytes }).catch(
        () => undefined,
      );
      return read?.exitCode === 0 ? read.stdout.toString('utf8') : undefined;
    },
  };
}
