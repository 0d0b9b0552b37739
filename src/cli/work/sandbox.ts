import { ConfigError, CoordinatorError } from '../../errors.ts';
import { withPrivateDirectory } from '../../gates/checkout/private-directory.ts';
import { openSandbox, type Sandbox } from '../../gates/process/sandbox.ts';
import type { WorkOptions } from './options.ts';

/** The sandbox of the agents. Without one the operator has to say so. */
export async function chooseSandbox(
  mode: WorkOptions['sandbox'],
  signal: AbortSignal,
): Promise<Sandbox> {
  try {
    return await withPrivateDirectory((privateDirectory) =>
      openSandbox(mode === 'auto' ? 'bwrap' : mode, { privateDirectory, signal }),
    );
  } catch (error) {
    if (mode !== 'auto' || !(error instanceof CoordinatorError)) throw error;
    throw new ConfigError(
      'no_sandbox',
      `${error.message} Or accept by --sandbox none that agents can read and write all that you can.`,
    );
  }
}
