import { CoordinatorError } from '../../errors.ts';
import { git } from '../../gates/checkout/git-command.ts';
import { oneLine } from '../../lib/text.ts';
import { WorkspaceError } from './workspace-error.ts';

const outputBytes = 64 * 1024 * 1024;
/** Timeout of one command: files of a large repository are written in less. */
const timeoutMs = 300_000;

/** Where a command of git works: always a repository of the runner, whose configuration nobody else writes. */
export interface GitPlace {
  /** The mirror. */
  readonly repository: string;
  /** Files of an agent, with the index of the runner that describes them. */
  readonly files?: { readonly directory: string; readonly index: string } | undefined;
  /** Objects of an agent, read as data. */
  readonly objects?: string | undefined;
}

export interface LocalGitOptions {
  readonly signal: AbortSignal;
  readonly input?: string | Uint8Array;
  readonly maxBytes?: number;
}

/** Runs a git that reaches no network and obeys no configuration but the mirror's. An exit code is an answer. */
export async function tryGit(
  { repository, files, objects }: GitPlace,
  args: readonly string[],
  { signal, input, maxBytes = outputBytes }: LocalGitOptions,
) {
  const place =
    files === undefined ? [] : ['-c', 'core.bare=false', `--work-tree=${files.directory}`];
  const command = git(
    files?.directory ?? repository,
    // Attributes may name filters, but only configuration says what they run, and here none does.
    [`--git-dir=${repository}`, ...place, '-c', 'diff.ignoreSubmodules=all', ...args],
    {
      ...{ signal, maxBytes, timeoutMs, apart: true },
      ...(input === undefined ? {} : { input }),
      variables: {
        // By it the git of a runner that was killed is found.
        GIT_DIR: repository,
        ...(files === undefined ? {} : { GIT_INDEX_FILE: files.index }),
        ...(objects === undefined
          ? {}
          : { GIT_ALTERNATE_OBJECT_DIRECTORIES: JSON.stringify(objects) }),
      },
    },
  );
  try {
    return await command;
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    throw new WorkspaceError('unusable', error.message, { cause: error });
  }
}

/** The same for a command that must succeed; resolves to its output. */
export async function localGit(
  place: GitPlace,
  args: readonly string[],
  options: LocalGitOptions,
): Promise<string> {
  return (await gitBytes(place, args, options)).toString('utf8').trimEnd();
}

export async function gitBytes(
  place: GitPlace,
  args: readonly string[],
  options: LocalGitOptions,
): Promise<Buffer> {
  const { exitCode, stdout, stderr } = await tryGit(place, args, options);
  if (exitCode === 0) return stdout;
  const fault = stderr.includes('No space left on device') ? 'no_space' : 'unusable';
  const words = oneLine(stderr.slice(-300), 300);
  throw new WorkspaceError(fault, `git ${args[0] ?? ''} failed: ${words}`);
}

/** The commit that a name of the repository stands for; undefined when there is none. */
export async function resolve(
  place: GitPlace,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
  const { exitCode, stdout } = await tryGit(place, args, { signal });
  return exitCode === 0 ? stdout.toString('utf8').trim() : undefined;
}

/** True when the one commit is the other or an ancestor of it. */
export async function isAncestor(
  place: GitPlace,
  ancestor: string,
  of: string,
  signal: AbortSignal,
): Promise<boolean> {
  const args = ['merge-base', '--is-ancestor', ancestor, of];
  const { exitCode, stderr } = await tryGit(place, args, { signal });
  if (exitCode > 1) throw new WorkspaceError('unusable', `git merge-base: ${stderr.slice(-300)}`);
  return exitCode === 0;
}
