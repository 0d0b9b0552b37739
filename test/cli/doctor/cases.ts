import { expect, test } from 'vitest';

import { examineJson, openClinic, type Clinic } from '../../support/doctor.ts';

/** One broken set-up, and the finding that the doctor must report. */
export interface DoctorCase {
  readonly what: string;
  readonly breakIt: (clinic: Clinic) => unknown;
  /** Exit code. */
  readonly code: 0 | 1 | 2;
  readonly name: string;
  readonly text: RegExp;
  readonly cure?: RegExp;
}

/** Runs the doctor on a healthy set-up with one thing broken, a test for each case. */
export function testCases(cases: readonly DoctorCase[]): void {
  test.for(cases)('$what', async ({ breakIt, code, name, text, cure }) => {
    const clinic = await openClinic();
    await breakIt(clinic);
    const report = await examineJson(clinic);
    const found = report.findings.find((finding) => finding.name === name);
    expect(found, JSON.stringify(report.findings, null, 2)).toBeDefined();
    expect(found?.text).toMatch(text);
    if (cure !== undefined) expect(found?.cure).toMatch(cure);
    expect(report.code, JSON.stringify(report.findings, null, 2)).toBe(code);
    expect(report.verdict).toBe((['ok', 'warnings', 'broken'] as const)[code]);
  });
}

/** The only repository of the clinic. */
export function orbitOf({ repositories }: Clinic['fake']) {
  const orbit = repositories.get(2);
  if (orbit === undefined) throw new Error('the clinic has no acme/orbit');
  return orbit;
}
