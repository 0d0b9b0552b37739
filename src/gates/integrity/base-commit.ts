import { CoordinatorError } from '../../errors.ts';
import { git } from '../checkout/git-command.ts';

const maxBytes = 1_000_000;

/**
 * The commit to compare with (merge base): the last one that the history of the checkout shares with `base`.
 * Later commits of the base branch are not the author's, neither tests they add nor tests they remove.
 */
export async function baseCommit(
  directory: string,
  base: string,
  signal: AbortSignal,
): Promise<string> {
  const run = (...args: string[]) => git(directory, args, { signal, maxBytes });
  const inside = await run('rev-parse', '--is-inside-work-tree');
  if (inside.exitCode !== 0 || inside.stdout.toString('latin1').trim() !== 'true') {
    throw new CoordinatorError(
      'no_work_tree',
      `not a git work tree, so there is nothing to compare with ${base}: ${inside.stderr || directory}`,
    );
  }
  const commitOf = async (ref: string): Promise<string | undefined> => {
    // git would take it for an option, or no system call would take it at all.
    if (ref === '' || ref.startsWith('-') || ref.includes('\0')) return undefined;
    const found = await run(
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${ref}^{commit}`,
    );
    const commit = found.stdout.toString('latin1').trim().split('\n').at(-1) ?? '';
    return found.exitCode === 0 && /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined;
  };
  const commit = await commitOf(base);
  const shallow = await run('rev-parse', '--is-shallow-repository');
  const isShallow = shallow.stdout.toString('latin1').trim() === 'true';
  if (commit === undefined) {
    const remote = await commitOf(`origin/${base}`);
    const cure =
      remote === undefined
        ? `fetch it first: git fetch ${isShallow ? '--unshallow ' : ''}origin ${base}`
        : `the remote's branch is there: use --base origin/${base}`;
    throw new CoordinatorError('base_unknown', `git knows no commit ${base} here; ${cure}`);
  }
  if ((await commitOf('HEAD')) === undefined) {
    throw new CoordinatorError('no_commit', 'the checkout has no commit yet to compare with');
  }
  const shared = await run('merge-base', commit, 'HEAD');
  const [sharedCommit] = shared.stdout.toString('latin1').split('\n');
  if (shared.exitCode === 0 && sharedCommit) return sharedCommit;
  throw new CoordinatorError(
    'base_unrelated',
    isShallow
      ? `the shallow clone does not reach back to where it left ${base}; fetch more history: ` +
          'git fetch --unshallow (or --deepen=200), in a workflow fetch-depth: 0'
      : `${base} and the checkout have no commit in common`,
  );
}
