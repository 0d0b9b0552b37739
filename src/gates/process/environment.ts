import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';

/** Marks every process of one run, so that those which left its process group are found again. */
export const runMarker = 'MOSAIC_GATES_RUN';

/** Fixed: the search path of the caller may name directories that somebody else can write to. */
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** All that a tool gets to see of the environment; nothing is inherited from the caller. */
export function toolEnvironment(temporaryDirectory: string): Record<string, string> {
  return {
    PATH: `${dirname(process.execPath)}:${systemPath}`,
    HOME: temporaryDirectory,
    TMPDIR: temporaryDirectory,
    CI: '1',
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    TERM: 'dumb',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    [runMarker]: randomUUID(),
  };
}
