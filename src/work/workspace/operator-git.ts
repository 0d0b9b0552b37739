import { execa } from 'execa';

import { gitPath } from '../../gates/checkout/git-command.ts';
import { oneLine } from '../../lib/text.ts';
import { WorkspaceError } from './workspace-error.ts';

export type OperatorEnvironment = Readonly<Record<string, string | undefined>>;

/** Timeout of one fetch or push. */
const timeoutMs = 600_000;
const outputBytes = 16 * 1024 * 1024;

/** Settings that hold whatever the operator's configuration says. */
const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.quotePath=false',
  'credential.interactive=false',
  'fetch.recurseSubmodules=false',
  'push.recurseSubmodules=no',
  'push.gpgSign=false',
  'push.followTags=false',
  'submodule.recurse=false',
  'protocol.ext.allow=never',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=60',
  'gc.auto=0',
  'maintenance.auto=false',
].flatMap((setting) => ['-c', setting]);

/** Variables of git that say who the operator is and how he reaches a repository. Others may name another repository. */
const gitVariables =
  /^GIT_(?:SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|PROXY_COMMAND|SSL_\w+|CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|(?:KEY|VALUE)_\d+))$/;
/** Secrets of the runner, of which git needs none. */
const secrets = /^(?:COORDINATOR_|ANTHROPIC_|CLAUDE_|OPENAI_)/;

/** The operator's environment as his git gets it: nobody is there to answer a question. */
export function operatorVariables(environment: OperatorEnvironment): Record<string, string> {
  const kept = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ||
    secrets.test(name) ||
    (name.startsWith('GIT_') && !gitVariables.test(name))
      ? []
      : [[name, value] as const],
  );
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    SSH_ASKPASS_REQUIRE: 'never',
    GCM_INTERACTIVE: 'never',
  };
}

/**
 * Runs a git that fetches or pushes, on a repository of the runner, with the operator's own configuration and
 * credentials. It has no terminal, so that neither git nor ssh can ask for a password. Rejects with a `WorkspaceError`.
 */
export async function operatorGit(
  repository: string,
  args: readonly string[],
  {
    environment,
    signal,
  }: { readonly environment: OperatorEnvironment; readonly signal: AbortSignal },
): Promise<string> {
  const result = await execa(await gitPath(), [...settings, ...args], {
    cwd: repository,
    // Named here, and not as an option, because by it the git of a runner that was killed is found.
    env: { ...operatorVariables(environment), GIT_DIR: repository },
    extendEnv: false,
    stdin: 'ignore',
    // A session of its own has no terminal.
    detached: true,
    maxBuffer: outputBytes,
    timeout: timeoutMs,
    cancelSignal: signal,
    killDescendants: true,
    reject: false,
  });
  signal.throwIfAborted();
  if (result.exitCode === 0) return result.stdout;
  const why = result.timedOut
    ? `it did not end in ${timeoutMs / 1_000} s`
    : oneLine(withoutPasswords(result.stderr).slice(-400), 400) || (result.originalMessage ?? '');
  const fault = why.includes('No space left on device') ? 'no_space' : 'remote';
  throw new WorkspaceError(fault, `git ${args[0] ?? ''} failed: ${why}`);
}

/** A rewritten address may have a password in it. */
function withoutPasswords(text: string): string {
  return text.replaceAll(/:\/\/[^\s/@]*@/g, '://');
}
