import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createSerial } from '../../lib/serial.ts';
import { isBranchOf } from './branch-name.ts';
import { isAncestor, localGit, resolve, tryGit } from './local-git.ts';
import { operatorGit, type OperatorEnvironment } from './operator-git.ts';
import { WorkspaceError } from './workspace-error.ts';

/** Packs from which they are put together. Nothing is ever dropped: checkouts read their objects here. */
const maxPacks = 50;
/** Directories of tools that agents install and projects forget to ignore. */
export const ignoredPaths = 'node_modules/\n.venv/\n__pycache__/\n';

export interface RemoteRepository {
  /** Id on the forge: a rename does not change it. */
  readonly id: number;
  readonly url: string;
}

/** The remote repository as it was seen a moment ago. The commits are in the mirror. */
export interface RemoteState {
  readonly baseBranch: string;
  readonly base: string;
  /** Heads of the branches of one issue. */
  readonly branches: ReadonlyMap<string, string>;
}

export type Pushed =
  | { readonly kind: 'pushed' }
  /** Somebody else pushed to the branch; the commit is in the mirror. */
  | { readonly kind: 'diverged'; readonly head: string };

export type Mirrors = ReturnType<typeof createMirrors>;

/**
 * Bare repositories of the runner, one for each remote one. What is fetched and pushed goes through them alone, with
 * the operator's credentials; no agent writes to them. Calls for one repository run one after another.
 */
export function createMirrors({
  directory,
  environment,
}: {
  readonly directory: string;
  readonly environment: OperatorEnvironment;
}) {
  const serially = createSerial();
  /** Opened by this process: its own git may hold locks in them now. */
  const opened = new Set<string>();
  const pathOf = ({ id }: RemoteRepository) => join(directory, `${id}.git`);

  /** Fetches the default branch and the branches of an issue. */
  function update(
    remote: RemoteRepository,
    number: number,
    signal: AbortSignal,
  ): Promise<RemoteState> {
    const repository = pathOf(remote);
    return serially(repository, async () => {
      if (!opened.has(repository)) await openMirror(repository, signal);
      opened.add(repository);
      const seen = await listRemote(repository, remote, number, signal);
      const wanted = [seen.baseBranch, ...seen.branches.keys()];
      await dropInTheWay(repository, wanted, signal);
      await fetchBranches(repository, remote, wanted, signal);
      const read = async (branch: string) =>
        (await resolve({ repository }, `refs/remotes/origin/${branch}`, signal)) ?? '';
      const heads = await Promise.all(
        [...seen.branches.keys()].map(async (branch) => [branch, await read(branch)] as const),
      );
      await repack(repository, signal);
      return {
        baseBranch: seen.baseBranch,
        base: await read(seen.baseBranch),
        branches: new Map(heads),
      };
    });
  }

  async function listRemote(
    repository: string,
    { url }: RemoteRepository,
    number: number,
    signal: AbortSignal,
  ) {
    const own = `refs/heads/agent/issue-${number}`;
    const args = ['ls-remote', '--symref', '--', url, 'HEAD', own, `${own}-*`];
    return readListing(await operatorGit(repository, args, { environment, signal }), number, url);
  }

  async function fetchBranches(
    repository: string,
    { url }: RemoteRepository,
    branches: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const refs = branches.map((branch) => `+refs/heads/${branch}:refs/remotes/origin/${branch}`);
    const args = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-auto-maintenance',
    ];
    await operatorGit(repository, [...args, '--', url, ...refs], { environment, signal });
  }

  /**
   * Pushes a commit to a branch, never by force. When the push is refused, what is on the branch tells why, not the
   * words of the server: the commit itself (an answer was lost), an older one (no right to push), or another one.
   */
  function push(
    remote: RemoteRepository,
    { commit, branch }: { readonly commit: string; readonly branch: string },
    signal: AbortSignal,
  ): Promise<Pushed> {
    const repository = pathOf(remote);
    const ref = `refs/heads/${branch}`;
    return serially(repository, async () => {
      try {
        const args = ['push', '--quiet', '--no-verify', '--', remote.url, `${commit}:${ref}`];
        await operatorGit(repository, args, { environment, signal });
        return { kind: 'pushed' };
      } catch (error) {
        signal.throwIfAborted();
        const listing = ['ls-remote', '--', remote.url, ref];
        const found = await operatorGit(repository, listing, { environment, signal });
        const [head = ''] = found.split('\t');
        if (head === commit) return { kind: 'pushed' };
        if (head === '') throw error;
        await fetchBranches(repository, remote, [branch], signal);
        const there = await resolve({ repository }, `refs/remotes/origin/${branch}`, signal);
        if (there === undefined || (await isAncestor({ repository }, there, commit, signal)))
          throw error;
        return { kind: 'diverged', head: there };
      }
    });
  }

  return { pathOf, update, push };
}

/** Makes the mirror when there is none, and removes what a git that was killed has left. */
async function openMirror(mirror: string, signal: AbortSignal): Promise<void> {
  if ((await stat(join(mirror, 'HEAD')).catch(() => undefined)) === undefined) {
    // Whole or not there: a process that dies in between leaves only the temporary one.
    const fresh = `${mirror}.new`;
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true, mode: 0o700 });
    await localGit({ repository: fresh }, ['init', '--quiet', '--bare', '--template='], { signal });
    await mkdir(join(fresh, 'info'), { recursive: true });
    await writeFile(join(fresh, 'info', 'exclude'), ignoredPaths);
    await rm(mirror, { recursive: true, force: true });
    await rename(fresh, mirror);
  }
  await removeLocks(mirror);
  await removeLocks(join(mirror, 'refs'));
  const pack = join(mirror, 'objects', 'pack');
  for (const name of await readdir(pack).catch(() => []))
    if (name.startsWith('tmp_')) await rm(join(pack, name), { force: true });
}

/** No other process uses the repository: what holds a lock was killed. */
async function removeLocks(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && directory.includes('/refs')) await removeLocks(path);
    else if (entry.name.endsWith('.lock') || entry.name === 'gc.pid') await rm(path);
  }
}

/** A branch that was renamed: git cannot have `release` and `release/2` at once. Its commits stay. */
async function dropInTheWay(
  repository: string,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const args = ['for-each-ref', '--format=%(refname:lstrip=3)', 'refs/remotes/origin/'];
  const known = (await localGit({ repository }, args, { signal })).split('\n');
  const isInTheWay = (name: string) =>
    wanted.some((branch) => branch.startsWith(`${name}/`) || name.startsWith(`${branch}/`));
  for (const name of known.filter(Boolean).filter(isInTheWay))
    await localGit({ repository }, ['update-ref', '-d', `refs/remotes/origin/${name}`], { signal });
}

function readListing(text: string, number: number, url: string) {
  let baseBranch: string | undefined;
  const branches = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [value = '', name = ''] = line.split('\t');
    if (name === 'HEAD' && value.startsWith('ref: refs/heads/'))
      baseBranch = value.slice('ref: refs/heads/'.length);
    const branch = name.slice('refs/heads/'.length);
    if (name.startsWith('refs/heads/') && isBranchOf(number, branch)) branches.set(branch, value);
  }
  if (baseBranch === undefined)
    throw new WorkspaceError('remote', `${url} has no default branch with a commit: push one.`);
  return { baseBranch, branches };
}

async function repack(repository: string, signal: AbortSignal): Promise<void> {
  const packs = await readdir(join(repository, 'objects', 'pack')).catch(() => []);
  if (packs.filter((name) => name.endsWith('.pack')).length < maxPacks) return;
  // A pack that is not needed any more costs space, not correctness.
  await tryGit({ repository }, ['repack', '-a', '-d', '-k', '--quiet'], { signal });
}
