import type { Environment } from '../../config.ts';
import type { Io, Output } from '../io.ts';

/** What the variables of a CI job tell; Gitea and Forgejo set those of GitHub as well. */
export interface CiJob {
  /** Undefined outside of GitHub, Gitea and Forgejo Actions. */
  readonly kind: 'github' | 'gitea' | undefined;
  /** Base URL of the forge. */
  readonly serverUrl: string | undefined;
  /** `owner/name`. */
  readonly repository: string | undefined;
  /** Page of this run. */
  readonly runUrl: string | undefined;
}

export function ciJobOf(environment: Environment): CiJob {
  const value = (name: string) => environment[name] ?? '';
  const isGitea = [value('GITEA_ACTIONS'), value('FORGEJO_ACTIONS')].includes('true');
  const kind = isGitea ? 'gitea' : value('GITHUB_ACTIONS') === 'true' ? 'github' : undefined;
  if (kind === undefined)
    return { kind, serverUrl: undefined, repository: undefined, runUrl: undefined };
  const serverUrl = value('GITHUB_SERVER_URL').replace(/\/+$/, '');
  const repository = value('GITHUB_REPOSITORY');
  // The pages of Gitea count the runs of a repository; those of GitHub have the id of the run.
  const run = value(kind === 'gitea' ? 'GITHUB_RUN_NUMBER' : 'GITHUB_RUN_ID');
  const parts = [serverUrl, repository, run];
  return {
    kind,
    serverUrl: serverUrl || undefined,
    repository: repository || undefined,
    runUrl: parts.includes('') ? undefined : `${serverUrl}/${repository}/actions/runs/${run}`,
  };
}

/**
 * The same streams for a job, whose runner takes lines that begin with `::`, and `##[` anywhere, for commands: the
 * texts of tools and tests must not give any.
 */
export function withoutCommands(io: Io): Io {
  return { ...io, stdout: guarded(io.stdout), stderr: guarded(io.stderr) };
}

function guarded(output: Output): Output {
  return { ...output, write: (text) => output.write(withoutCommand(text)) };
}

export function withoutCommand(text: string): string {
  return text.replace(/^(\s*):(?=:)/gm, '$1: ').replaceAll('##[', '## [');
}
