import type { JudgedReport } from '../../../src/gates/judges/judgement.ts';

/** A report of a command that ended with 0, in `/repo`, of a project with these files. */
export function judged(text: string, changes: Partial<JudgedReport> = {}): JudgedReport {
  return {
    file: 'report',
    text,
    exitCode: 0,
    directory: '/repo',
    ranIn: '/repo',
    files: new Set(['src/a.ts', 'tests/test_a.py', 'packages/api/src/b.py']),
    ...changes,
  };
}
