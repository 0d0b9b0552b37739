import { existsSync } from 'node:fs';

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

/** The command that sets the limits and starts the program that follows; empty when there is nothing to set. */
export function limitingCommand(
  { fileBytes, threads }: ResourceLimits,
  /** Without a namespace of its own the kernel counts all processes of the user. */
  { ownNamespace }: { readonly ownNamespace: boolean },
): readonly string[] {
  const prlimit = prlimitPaths.find((path) => existsSync(path));
  const wanted = [
    ...(fileBytes === undefined ? [] : [`--fsize=${fileBytes}`, '--core=0']),
    ...(threads === undefined || !ownNamespace ? [] : [`--nproc=${threads}`]),
  ];
  return prlimit === undefined || wanted.length === 0 ? [] : [prlimit, ...wanted];
}
