import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';

/** Environment variable that marks every process of one run, so that one that left its process group is found. */
export const runMarker = 'MOSAIC_GATES_RUN';

/** Fixed search path: the caller's may name directories that other users can write to. */
export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The whole environment of a tool; nothing is inherited from the caller. It has no variable about colours: tests
 * look at them, and control sequences are taken out of the output anyway.
 */
export function toolEnvironment(temporaryDirectory: string): Record<string, string> {
  return {
    PATH: `${dirname(process.execPath)}:${systemPath}`,
    HOME: temporaryDirectory,
    TMPDIR: temporaryDirectory,
    CI: '1',
    TERM: 'dumb',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    [runMarker]: randomUUID(),
  };
}
