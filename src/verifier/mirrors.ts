import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { git } from '../gates/checkout/git-command.ts';
import { leastRecentlyUsed } from '../lib/places.ts';
import { createSerial } from '../lib/serial.ts';
import { remoteGit, removeUnfinished, type Remote, type RemoteLimits } from './remote-git.ts';
import { CommitRefused, VerifierError } from './verifier-error.ts';

/** Maximum mirrors; the least recently used ones are deleted. */
const maxMirrors = 50;
/** Maximum commits that one mirror holds on to. Beyond that it forgets all but those in use. */
const maxCommits = 200;
const outputBytes = 64 * 1024 * 1024;

export interface MirrorOptions {
  /** Directory of the mirrors, of this process alone. */
  readonly directory: string;
  /** An empty directory, which is the home of git. */
  readonly home: string;
  readonly maxMirrors?: number;
  readonly limits?: RemoteLimits;
}

export interface FetchRequest {
  readonly repositoryId: number;
  readonly remote: Remote;
  readonly commit: string;
  /** The branch that the commit is said to be on. */
  readonly branch: string | null;
  readonly baseBranch: string;
  readonly signal: AbortSignal;
}

/** A mirror that holds the commit and the present head of the base branch. */
export interface Fetched {
  readonly mirror: string;
  readonly base: string;
}

export type Mirrors = ReturnType<typeof createMirrors>;

/**
 * Bare mirrors, one per repository. A mirror holds each commit that was asked for under a ref of its own, so what it
 * has once fetched is not fetched again. Calls for one repository run one after another.
 */
export function createMirrors({ directory, home, limits, ...options }: MirrorOptions) {
  const serially = createSerial();

  /**
   * Fetches what is missing. Throws `CommitRefused` for a commit that the repository does not hand out, or that is not
   * on its branch, and `VerifierError` when the repository cannot be read.
   */
  async function fetch(request: FetchRequest): Promise<Fetched> {
    const mirror = join(directory, `${request.repositoryId}.git`);
    return serially(`${request.repositoryId}`, async () => {
      try {
        return await fetchInto(mirror, request);
      } catch (error) {
        // What is too large must not be there next time.
        if (error instanceof VerifierError && error.kind === 'too_large')
          await rm(mirror, { recursive: true, force: true });
        throw error;
      }
    });
  }

  async function fetchInto(mirror: string, request: FetchRequest): Promise<Fetched> {
    const { remote, commit, branch, baseBranch, signal } = request;
    await openMirror(mirror, { commit, signal });
    const call = { remote, signal, home, ...(limits && { limits }) };
    const branches = [baseBranch, ...(branch === null ? [] : [branch])];
    const [heads, known] = await both(
      remoteHeads(mirror, branches, call),
      knownCommits(mirror, signal),
    );
    const base = heads.get(baseBranch);
    if (base === undefined)
      throw new VerifierError('git_failed', `The repository has no branch ${baseBranch}.`);
    const head = branch === null ? undefined : heads.get(branch);
    const wanted = [...new Set([base, ...(head === undefined ? [] : [head]), commit])];
    const missing = wanted.filter((one) => !known.has(one));
    await fetchCommits(mirror, { missing, commit, call });
    if (!known.has(commit) && !(await holds(mirror, { commit, signal })))
      throw new CommitRefused(
        'commit_not_found',
        `There is no commit ${commit} in the repository.`,
      );
    await refuseOffBranch(mirror, { commit, base, branch, head, signal });
    if (known.size + missing.length > maxCommits) await forget(mirror, { keep: wanted, signal });
    return { mirror, base };
  }

  /** Deletes the mirror of a repository, which may be broken: the next fetch makes it anew. */
  async function discard(repositoryId: number): Promise<void> {
    await serially(`${repositoryId}`, () =>
      rm(join(directory, `${repositoryId}.git`), { recursive: true, force: true }),
    );
  }

  /** Deletes the mirrors that were not used for longest. */
  async function prune(): Promise<void> {
    for (const name of await leastRecentlyUsed(directory, options.maxMirrors ?? maxMirrors))
      await serially(name.replace('.git', ''), () =>
        rm(join(directory, name), { recursive: true, force: true }),
      );
  }

  return { fetch, prune, discard };
}

type RemoteCall = Parameters<typeof remoteGit>[2];

/** Makes the mirror when there is none, and marks it as used. */
async function openMirror(
  mirror: string,
  { commit, signal }: { readonly commit: string; readonly signal: AbortSignal },
): Promise<void> {
  if ((await stat(join(mirror, 'HEAD')).catch(() => undefined)) === undefined) {
    // Whole or not there: a process that dies in between leaves only the temporary one.
    const fresh = `${mirror}.new`;
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true, mode: 0o700 });
    const format = commit.length === 64 ? 'sha256' : 'sha1';
    const args = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`];
    await localGit(fresh, args, signal);
    await rm(mirror, { recursive: true, force: true });
    await rename(fresh, mirror);
  }
  await removeUnfinished(mirror);
  await removeLocks(mirror);
  const now = new Date();
  await utimes(mirror, now, now);
}

/** No other process uses the mirror: what holds these locks was killed. */
async function removeLocks(mirror: string): Promise<void> {
  for (const directory of [mirror, join(mirror, ownRefs)])
    for (const name of await readdir(directory).catch(() => []))
      if (name.endsWith('.lock') || name === 'gc.pid') await rm(join(directory, name));
}

/** The heads of the branches that the repository has. */
async function remoteHeads(
  mirror: string,
  branches: readonly string[],
  call: RemoteCall,
): Promise<ReadonlyMap<string, string>> {
  const refs = branches.map((branch) => `refs/heads/${branch}`);
  const text = await remoteGit(mirror, ['ls-remote', '--', call.remote.url, ...refs], call);
  return new Map(
    text.split('\n').flatMap((line) => {
      const [hash = '', ref = ''] = line.split('\t');
      return refs.includes(ref) ? [[ref.slice('refs/heads/'.length), hash] as const] : [];
    }),
  );
}

const ownRefs = 'refs/verifier/';

async function knownCommits(mirror: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const refs = await localGit(mirror, ['for-each-ref', '--format=%(refname)', ownRefs], signal);
  return new Set(refs.split('\n').map((ref) => ref.slice(ownRefs.length)));
}

/**
 * Fetches commits by their hash. A server that does not hand out the commit under check fails the whole fetch, so it
 * is then left out: a fault of the network shows in the second attempt as well.
 */
async function fetchCommits(
  mirror: string,
  {
    missing,
    commit,
    call,
  }: { readonly missing: readonly string[]; readonly commit: string; readonly call: RemoteCall },
): Promise<void> {
  const fetch = (commits: readonly string[]) =>
    remoteGit(
      mirror,
      [
        ...['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'],
        ...['--no-auto-maintenance', '--', call.remote.url],
        ...commits.map((one) => `+${one}:${ownRefs}${one}`),
      ],
      call,
    );
  if (missing.length === 0) return;
  try {
    await fetch(missing);
  } catch (error) {
    const isOther = !(error instanceof VerifierError) || error.kind !== 'git_failed';
    if (isOther || !missing.includes(commit)) throw error;
    const others = missing.filter((one) => one !== commit);
    if (others.length > 0) await fetch(others);
    // Proves that the network is there.
    else await remoteHeads(mirror, ['HEAD'], call);
  }
}

async function holds(
  mirror: string,
  { commit, signal }: { readonly commit: string; readonly signal: AbortSignal },
): Promise<boolean> {
  const args = ['cat-file', '-e', `${commit}^{commit}`];
  return (await git(mirror, args, { signal, maxBytes: outputBytes })).exitCode === 0;
}

/** True when the one commit is the other or an ancestor of it. */
async function isAncestor(
  repository: string,
  {
    ancestor,
    of,
    signal,
  }: { readonly ancestor: string; readonly of: string; readonly signal: AbortSignal },
): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', ancestor, of];
  const { exitCode, stderr } = await git(repository, args, { signal, maxBytes: outputBytes });
  if (exitCode > 1) throw new VerifierError('git_failed', `git merge-base: ${stderr}`);
  return exitCode === 0;
}

/** A commit that was pushed over is still handed out for a while. */
async function refuseOffBranch(
  mirror: string,
  {
    commit,
    base,
    branch,
    head,
    signal,
  }: {
    readonly commit: string;
    readonly base: string;
    readonly branch: string | null;
    readonly head: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  if (branch === null || commit === head) return;
  // It is refused for that later.
  if (await isAncestor(mirror, { ancestor: commit, of: base, signal })) return;
  if (head === undefined)
    throw new CommitRefused('commit_not_found', `The repository has no branch ${branch} any more.`);
  if (await isAncestor(mirror, { ancestor: commit, of: head, signal })) return;
  throw new CommitRefused(
    'commit_not_found',
    `The branch ${branch} does not hold the commit ${commit}: it was pushed over, or is of another branch.`,
  );
}

/** Lets go of all commits but these, and of what they alone need. */
async function forget(
  mirror: string,
  { keep, signal }: { readonly keep: readonly string[]; readonly signal: AbortSignal },
): Promise<void> {
  const known = await knownCommits(mirror, signal);
  const old = [...known].filter((one) => one !== '' && !keep.includes(one));
  const input = old.map((one) => `delete ${ownRefs}${one}\n`).join('');
  await localGit(mirror, ['update-ref', '--stdin'], signal, input);
  await localGit(mirror, ['gc', '--quiet', '--prune=now'], signal);
}

/** Both results; waits for both also when one fails, so that no git runs on in the background. */
export async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return Promise.all([first, second]);
}

/** Runs a git that must succeed; resolves to its output. */
export async function localGit(
  directory: string,
  args: readonly string[],
  signal: AbortSignal,
  input?: string,
): Promise<string> {
  const options = { signal, maxBytes: outputBytes, ...(input === undefined ? {} : { input }) };
  const { exitCode, stdout, stderr } = await git(directory, args, options);
  if (exitCode === 0) return stdout.toString('utf8').trimEnd();
  const code = stderr.includes('No space left on device') ? 'no_space' : 'git_failed';
  throw new VerifierError(code, `git ${args[0] ?? ''} failed: ${stderr.slice(0, 300)}`);
}
