import type { Finding } from '../gate.ts';
import type { Expectation } from './facts.ts';
import { quoted, type TestPairs } from './test-pairs.ts';

/** More than a reviewer reads one by one. */
const shownExpectations = 20;

/**
 * What surviving tests expect otherwise than at the base. Right as often as not, and only a reader can tell: so
 * these are warnings.
 */
export function changedExpectations({ pairs }: TestPairs): Finding[] {
  const findings = pairs.flatMap(({ old, now }) =>
    edits(old.test.expectations, now.test.expectations).map(({ subject, from, to }): Finding => ({
      file: now.path,
      line: now.test.line,
      column: null,
      rule: 'expectation-changed',
      message: `the test ${quoted(now.test)} expects something else: ${clipped(`${subject}${from}`)} became ${clipped(to)}`,
      severity: 'warning',
    })),
  );
  const more = findings.length - shownExpectations;
  if (more <= 0) return findings;
  const message = `${more} more expectations were changed`;
  const rest = { file: null, line: null, column: null, rule: 'expectation-changed', message };
  return [...findings.slice(0, shownExpectations), { ...rest, severity: 'warning' }];
}

interface Edit {
  readonly subject: string;
  readonly from: string;
  readonly to: string;
}

/** Expectations of the same subject, in their order, that say something else. */
function edits(old: readonly Expectation[], now: readonly Expectation[]): Edit[] {
  const [gone, fresh] = [without(old, now), without(now, old)];
  const bySubject = Map.groupBy(fresh, ({ subject }) => subject);
  return gone.flatMap(({ subject, expected }): Edit[] => {
    const successor = bySubject.get(subject)?.shift();
    return successor ? [{ subject, from: expected, to: successor.expected }] : [];
  });
}

/** Those of the first list that the other does not hold, each of several equal ones counted. */
function without(some: readonly Expectation[], others: readonly Expectation[]): Expectation[] {
  const counts = new Map<string, number>();
  const key = ({ subject, expected }: Expectation) => `${subject}\0${expected}`;
  for (const other of others) counts.set(key(other), (counts.get(key(other)) ?? 0) + 1);
  return some.filter((one) => {
    const count = counts.get(key(one)) ?? 0;
    counts.set(key(one), count - 1);
    return count <= 0;
  });
}

function clipped(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
