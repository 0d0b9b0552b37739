import { posix } from 'node:path';

import type { Finding } from '../gate.ts';
import { possiblePaths } from './configuration/gate-config.ts';
import type { SourceChange } from './facts.ts';
import { isTestPath } from './test-pairs.ts';

/**
 * Code that measured files now take from where coverage does not count it, of this change. That may be right: a
 * package of its own, say. So it is for the reviewer.
 */
export function movedOut(
  changes: readonly SourceChange[],
  isMeasured: (path: string) => boolean,
): Finding[] {
  const written = new Set(changes.flatMap(({ path, after }) => (after ? [path] : [])));
  return changes.flatMap(({ path, before, after }): Finding[] => {
    if (!after || !isMeasured(path) || isTestPath(path)) return [];
    const known = new Set(before?.imports);
    return after.imports
      .filter((name) => !known.has(name))
      .flatMap((name) => {
        const target = possiblePaths(name, posix.dirname(path)).find((one) => written.has(one));
        if (target === undefined || isMeasured(target) || isTestPath(target)) return [];
        const message = `takes code from ${target}, which coverage does not count`;
        const place = { file: path, line: null, column: null };
        return [{ ...place, rule: 'code-not-measured', message, severity: 'warning' }];
      });
  });
}
