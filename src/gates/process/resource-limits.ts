import { existsSync } from 'node:fs';

import type { Sandbox } from './sandbox.ts';

/** Limits of one program with all that it starts; what is undefined has no limit. */
export interface ResourceLimits {
  /** Bytes of one file that it writes. */
  readonly fileBytes?: number;
  /** Threads at once. Held by the kernel in a sandbox with a user namespace of its own, and not for root. */
  readonly threads?: number;
  /** Bytes of memory of all its processes together, as counted every 100 ms. */
  readonly memoryBytes?: number;
  /** Bytes in `/tmp` and `/dev/shm` of the sandbox bwrap, which are memory. Needs bubblewrap 0.7. */
  readonly temporaryBytes?: number;
}

/** Part of util-linux; without it no limit is set but those that are counted. */
const prlimitPaths = ['/usr/bin/prlimit', '/bin/prlimit'];

/** The same sandbox, whose programs have these limits. They are set inside of it, so the launcher has none. */
export function withLimits(sandbox: Sandbox, limits: ResourceLimits): Sandbox {
  const { fileBytes, threads, memoryBytes, temporaryBytes } = limits;
  const prlimit = prlimitPaths.find((path) => existsSync(path));
  const wanted = [
    ...(fileBytes === undefined ? [] : [`--fsize=${fileBytes}`, '--core=0']),
    // Without a namespace the kernel counts all processes of the user.
    ...(threads === undefined || sandbox.mode === 'none' ? [] : [`--nproc=${threads}`]),
  ];
  const launcher = prlimit === undefined || wanted.length === 0 ? [] : [prlimit, ...wanted];
  return {
    ...sandbox,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    wrap(program) {
      const [command = '', ...args] = [...launcher, program.command, ...program.args];
      return sandbox.wrap({
        ...program,
        ...{ command, args },
        ...(temporaryBytes === undefined ? {} : { temporaryBytes }),
      });
    },
  };
}
