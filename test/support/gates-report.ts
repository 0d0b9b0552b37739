import type { Finding, GateResult } from '../../src/gates/gate.ts';
import type { GatesReport } from '../../src/gates/report.ts';

/** A result as a gate gives it; passed unless told otherwise. */
export function gateResult(told: Partial<Omit<GateResult, 'passed'>> = {}): GateResult {
  const status = told.status ?? 'passed';
  return {
    gate: 'build',
    counts: true,
    judgedBy: 'report',
    message: 'tsc found nothing.',
    details: {},
    findings: [],
    findingsOmitted: 0,
    durationMs: 1_234,
    tool: { name: 'typescript', version: '6.0.3' },
    ...told,
    status,
    passed: status === 'passed',
  };
}

export function finding(told: Partial<Finding> = {}): Finding {
  return {
    file: 'src/app.ts',
    line: 3,
    column: 7,
    rule: 'TS2322',
    message: "Type 'string' is not assignable to type 'number'.",
    severity: 'error',
    ...told,
  };
}

/** A report on the working directory, with the verdict of its worst gate. */
export function gatesReport(
  gates: readonly GateResult[],
  told: Partial<GatesReport> = {},
): GatesReport {
  const worst = (['failed', 'error', 'timeout', 'skipped'] as const).find((status) =>
    gates.some((result) => result.status === status),
  );
  return {
    verdict: worst ?? 'passed',
    gates,
    directory: process.cwd(),
    commit: '0123456789abcdef0123456789abcdef01234567',
    dirty: false,
    configHash: 'c'.repeat(64),
    gatesFile: null,
    weakened: false,
    sandbox: 'none',
    startedAt: '2026-11-25T01:00:00.000Z',
    durationMs: 12_345,
    ...told,
  };
}

/** Text that tries to steer a terminal, forge a line, and break XML. */
export const hostileText =
  '\u001b[2J\u001b]0;title\u0007\u001b]8;;https://evil.test\u001b\\click\u001b]8;;\u001b\\ ' +
  'a\r\nverdict: passed \u0000\u0008\u202e\u009b31m \ud800 \ufffe ]]> <b a="1">&amp;';
