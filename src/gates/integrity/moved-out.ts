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
        // Coverage leaves out what is named as a test.
        if (target === undefined || (isMeasured(target) && !isTestPath(target))) return [];
        const message = `takes code from ${target}, which coverage does not count`;
        const place = { file: path, line: null, column: null };
        return [{ ...place, rule: 'code-not-measured', message, severity: 'warning' }];
      });
  });
}

/** Code of the project that a test file no longer imports although it is still there: a copy of it may be tested. */
export function notImported(
  changes: readonly SourceChange[],
  isThere: (path: string) => boolean,
): Finding[] {
  return changes.flatMap(({ path, pathBefore, before, after }): Finding[] => {
    if (!before || !after || !isTestPath(path) || before.tests.length === 0) return [];
    const leadsTo = (name: string, from: string) =>
      possiblePaths(name, posix.dirname(from)).find(isThere);
    const now = new Set(after.imports.map((name) => leadsTo(name, path)));
    return before.imports.flatMap((name): Finding[] => {
      const target = leadsTo(name, pathBefore);
      if (target === undefined || now.has(target) || isTestPath(target)) return [];
      const message = `no longer imports ${target}, which is still there`;
      const place = { file: path, line: null, column: null };
      return [{ ...place, rule: 'import-removed', message, severity: 'warning' }];
    });
  });
}
