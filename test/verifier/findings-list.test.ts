import { expect, it } from 'vitest';

import { errorAt, type Finding, type GateResult } from '../../src/gates/gate.ts';
import { fingerprintOf, listFindings } from '../../src/verifier/findings-list.ts';

function failed(gate: string, findings: readonly Finding[], findingsOmitted = 0): GateResult {
  return {
    ...{ gate, status: 'failed', passed: false, counts: true, judgedBy: 'report', details: {} },
    ...{
      message: `${findings.length} faults.`,
      findings,
      findingsOmitted,
      durationMs: 1,
      tool: null,
    },
  };
}

const fault = (line: number, message = `Line ${line} is wrong.`) =>
  errorAt('src/a.ts', line, 'no-wrong', message);

it('lists each finding once, by gate', () => {
  const text = listFindings({
    opening: ['Fix this.'],
    gates: [
      failed('lint', [fault(1), fault(1), fault(2)]),
      failed('test', [
        { ...fault(3), file: null, line: null, rule: null, message: 'adds\n 1 + 2' },
      ]),
    ],
  });

  expect(text).toMatchInlineSnapshot(`
    "Fix this.

    ## lint: failed
    3 faults.
    - src/a.ts:1 [no-wrong] Line 1 is wrong.
    - src/a.ts:2 [no-wrong] Line 2 is wrong.

    ## test: failed
    1 faults.
    - adds 1 + 2"
  `);
});

it('leaves warnings out where there are errors', () => {
  const warning: Finding = { ...fault(7), severity: 'warning' };

  expect(listFindings({ opening: [], gates: [failed('lint', [warning, fault(8)])] })).not.toContain(
    'a.ts:7',
  );
  expect(listFindings({ opening: [], gates: [failed('lint', [warning])] })).toContain('a.ts:7');
});

it('stays within its limit, gives every gate room, and counts the rest', () => {
  const many = Array.from({ length: 2_000 }, (_, line) => fault(line));
  const text = listFindings({
    opening: [],
    gates: [failed('lint', many, 500), failed('test', [fault(9_999)]), failed('integrity', many)],
  });

  expect(text.length).toBeLessThanOrEqual(24_000);
  expect(text.length).toBeGreaterThan(22_000);
  expect(text).toContain('a.ts:9999');
  const listed = text.split('\n- ').length - 1;
  const [, lint = '', integrity = ''] = /lint (\d+), integrity (\d+) more/.exec(text) ?? [];
  expect(listed + Number(lint) + Number(integrity)).toBe(4_501);
});

it('has one fingerprint for the same faults in other lines and another order', () => {
  const [first, second] = [fault(1), errorAt('src/b.ts', 2, 'no-wrong', 'Wrong.')];
  const known = fingerprintOf([failed('lint', [first, second])]);

  expect(fingerprintOf([failed('lint', [second, { ...first, ...fault(30) }])])).toBe(known);
  expect(fingerprintOf([failed('lint', [first])])).not.toBe(known);
  expect(fingerprintOf([failed('test', [first, second])])).not.toBe(known);
});
