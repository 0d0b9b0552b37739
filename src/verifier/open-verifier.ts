import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { GatesError } from '../gates/gates-error.ts';
import { openSandbox } from '../gates/process/sandbox.ts';
import type { SandboxMode } from '../gates/report.ts';
import type { VerificationJob } from '../issue/verification.ts';
import { openHome } from './home.ts';
import { createMirrors, localGit } from './mirrors.ts';
import type { Remote } from './remote-git.ts';
import { VerifierError } from './verifier-error.ts';
import { defaultLimits, verify, type Limits } from './verify.ts';

export interface OpenOptions {
  /** Directory for mirrors, packages and work. */
  readonly directory: string;
  /** `auto`: the strictest that starts here, and never `none`. */
  readonly sandbox: SandboxMode | 'auto';
  readonly passEnvironment: readonly string[];
  /** Version of this program. */
  readonly version: string;
  readonly remoteOf: (job: VerificationJob) => Remote;
  readonly limits?: Limits;
  readonly signal: AbortSignal;
}

/**
 * Opens the directories and the sandbox of a verifier; rejects when the directories cannot be used. Without a sandbox
 * every verification ends as an error, so that whoever waits for it reads the cause.
 */
export async function openVerifier(options: OpenOptions) {
  const { directory, passEnvironment, version, remoteOf, limits = defaultLimits, signal } = options;
  const home = await openHome(directory);
  try {
    const sandbox = await chooseSandbox(options, { home, limits });
    const git = await home.withDirectory((place) => localGit(place, ['--version'], signal));
    const gitHome = join(home.mirrors, '..', 'empty');
    await mkdir(gitHome, { recursive: true, mode: 0o700 });
    const mirrors = createMirrors({ directory: home.mirrors, home: gitHome });
    await mirrors.prune();
    const environment = [
      `node ${process.versions.node}`,
      git.replace('git version ', 'git '),
      `mosaic-coordinator ${version}`,
      `${process.platform}-${process.arch}`,
      `sandbox ${sandbox instanceof Error ? 'missing' : sandbox}`,
    ].join(', ');
    const parts = { home, mirrors, sandbox, passEnvironment, limits, environment, remoteOf };
    return {
      sandbox,
      verify: async (job: VerificationJob, stop: AbortSignal) => {
        const verdict = await verify(job, parts, stop);
        // What cannot be deleted now is tried again after the next one.
        await mirrors.prune().catch(() => undefined);
        return verdict;
      },
      close: home.close,
    };
  } catch (error) {
    await home.close();
    throw error;
  }
}

async function chooseSandbox(
  { sandbox, signal }: OpenOptions,
  {
    home,
    limits,
  }: { readonly home: Awaited<ReturnType<typeof openHome>>; readonly limits: Limits },
): Promise<SandboxMode | VerifierError> {
  let mode: SandboxMode;
  try {
    ({ mode } = await home.withDirectory((privateDirectory) =>
      openSandbox(sandbox, { privateDirectory, signal, limits: limits.programs }),
    ));
  } catch (error) {
    if (!(error instanceof GatesError)) throw error;
    return new VerifierError('no_sandbox', error.message);
  }
  if (mode === 'none' && sandbox === 'auto')
    return new VerifierError(
      'no_sandbox',
      'No sandbox starts here, and the code under check is hostile. Install bubblewrap and allow unprivileged user namespaces (Docker: --security-opt seccomp=unconfined), or accept by --sandbox none that this code can do all that the verifier can.',
    );
  return mode;
}
