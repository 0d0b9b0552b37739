import { randomUUID } from 'node:crypto';

import type { Environment } from '../../config.ts';
import { CoordinatorError } from '../../errors.ts';
import { withPrivateDirectory } from '../../gates/checkout/private-directory.ts';
import { cloneUrlOf } from '../../work/workspace/clone-url.ts';
import { operatorGit } from '../../work/workspace/operator-git.ts';
import { broken, ok, skipped, warning, type Outcome } from '../doctor/finding.ts';
import type { WorkOptions } from './options.ts';

const timeoutMs = 20_000;
/** Length of the name of a commit by SHA-256. */
const sha256Digits = 64;

/** What git says once every right to push was there: a branch has to be a commit (the second from git 2.50 on). */
const isNoCommit = /non-commit object|failed to update ref|invalid new value provided/;

interface RepositoryCheck {
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** Checks whether git reads the first repository of the options, and may push a branch to it. */
export async function checkRepository(
  { repo, cloneUrl }: Pick<WorkOptions, 'repo' | 'cloneUrl'>,
  { environment, signal }: RepositoryCheck,
): Promise<Outcome> {
  const [name] = repo ?? [];
  const gitea = environment['GITEA_URL'] ?? '';
  if (name === undefined || (cloneUrl === undefined && gitea === ''))
    return skipped(
      'Name a repository by --repo owner/name, with --clone-url or GITEA_URL, to try the credentials of git.',
    );
  const issue = { ref: `${name}#1`, url: `${gitea.replace(/\/+$/, '')}/${name}/issues/1` };
  const url = cloneUrlOf(issue, cloneUrl);
  const limited = {
    environment,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  };
  try {
    return await readAndPush(url, limited);
  } catch (error) {
    signal.throwIfAborted();
    const cure = `Try it yourself: git ls-remote ${url}. Give git a credential helper, or a key for ssh; nobody can type a password here.`;
    return broken(
      error instanceof CoordinatorError ? error.message : `${url} does not answer.`,
      cure,
    );
  }
}

async function readAndPush(url: string, limited: RepositoryCheck): Promise<Outcome> {
  const heads = await operatorGit('/', ['ls-remote', '--', url, 'HEAD'], limited);
  if (heads === '') return warning(`${url} has no commit.`, 'Push a first commit.');
  const isSha256 = heads.split(/\s/, 1)[0]?.length === sha256Digits;
  const refusal = await pushRefusal(url, isSha256 ? 'sha256' : 'sha1', limited);
  if (isNoCommit.test(refusal)) return ok(`git can read ${url} and push branches to it.`);
  return broken(
    `git can read ${url}, but not push to it: ${refusal}`,
    'Give the account of git write access to the code, and let it push branches named agent/….',
  );
}

/**
 * Pushes an empty file as a branch, and resolves to why that was refused. Git refuses it at last, so nothing changes;
 * before, the server asks for the rights of a real push. `push --dry-run` tells too little: Gitea lets every reader begin
 * a push, and asks for the right to write when the branch is named.
 */
function pushRefusal(
  url: string,
  format: 'sha1' | 'sha256',
  limited: RepositoryCheck,
): Promise<string> {
  return withPrivateDirectory(async (directory) => {
    const git = (...args: readonly string[]) => operatorGit(directory, args, limited);
    await git('init', '--quiet', '--bare', `--object-format=${format}`, directory);
    const file = (await git('hash-object', '-w', '--stdin')).trim();
    const branch = `refs/heads/agent/doctor-${randomUUID()}`;
    try {
      await git('push', '--no-verify', '--', url, `${file}:${branch}`);
    } catch (error) {
      if (error instanceof CoordinatorError) return error.message;
      throw error;
    }
    // A server that takes it after all has a branch that nobody wants.
    await git('push', '--no-verify', '--', url, `:${branch}`);
    return 'the server takes a branch that is no commit.';
  });
}
