import { posix } from 'node:path';

import type { Finding } from '../gate.ts';

/** A finding that the base approved beforehand: the removal of a feature with its tests, say. */
export interface Allowance {
  /** A rule of this gate; `*` is any. */
  readonly rule: string;
  /** Glob, from the directory under check. */
  readonly path: string;
  readonly reason: string;
}

/** Marks what the base allows: it is still listed, and does not fail. */
export function withAllowances(
  findings: readonly Finding[],
  allowances: readonly Allowance[],
): { readonly findings: readonly Finding[]; readonly allowed: number } {
  let allowed = 0;
  const marked = findings.map((finding) => {
    const { rule, file, severity } = finding;
    if (severity === 'warning' || rule === null || file === null) return finding;
    const allowance = allowances.find(
      (one) => coversRule(one.rule, rule) && matches(file, one.path),
    );
    if (!allowance) return finding;
    allowed += 1;
    const message = `${finding.message} (allowed: ${allowance.reason})`;
    return { ...finding, severity: 'warning' as const, message };
  });
  return { findings: marked, allowed };
}

/** Where a test may be deleted or skipped, it need not run. */
const implied: ReadonlyMap<string, string> = new Map([
  ['tests-lost', 'test-deleted'],
  ['tests-skipped', 'new-skip'],
]);

function coversRule(allowed: string, rule: string): boolean {
  return allowed === '*' || allowed === rule || allowed === implied.get(rule);
}

/** To a glob a name that begins with a dot is hidden; here it is as others are. */
function matches(file: string, glob: string): boolean {
  const plain = (path: string) => path.replace(/(^|\/)\.(?!\.?\/)/g, '$1\u0001');
  return posix.matchesGlob(plain(file), plain(glob)) || file === glob;
}
