import { z } from 'zod';

import { describeError } from '../../errors.ts';
import type { Finding, Verdict } from '../gate.ts';
import { GatesError } from '../gates-error.ts';
import { counted } from '../counted.ts';
import type { GatesReport } from '../report.ts';

/** Path of the findings that a project knows, relative to the directory under check. */
export const baselinePath = '.mosaic/gates-baseline.json';

/** How many findings each rule has in each file. */
const knownFindings = z.record(z.string(), z.record(z.string(), z.int().min(1)));
export type KnownFindings = z.infer<typeof knownFindings>;

/** The baseline file: known findings by gate, file and rule. */
export const baselineSchema = z.strictObject({
  version: z.literal(1),
  gates: z.record(z.string(), knownFindings),
});
export type Baseline = z.infer<typeof baselineSchema>;

/** Reads the text of a baseline file; `from` names it in the message of `gates_file_invalid`. */
export function parseBaseline(text: string, from: string): Baseline {
  try {
    return baselineSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new GatesError(
      'gates_file_invalid',
      `${from} cannot be used: ${describeError(cause)}. Write it anew with gates --write-baseline.`,
      { cause },
    );
  }
}

/**
 * The baseline that holds all findings of a report, of the gates that have `"baseline": true`. The run must have
 * had `ignoreBaseline` and a `findingsLimit` above its findings. Throws when a gate has no whole list of them.
 */
export function baselineOf({ gates }: GatesReport): Baseline {
  const compared = gates.filter(({ details }) => details['baseline'] !== undefined);
  if (compared.length === 0)
    throw new GatesError(
      'gates_options_invalid',
      'No gate of this run has a baseline: set "baseline": true in the gates file for build, lint or a gate with sarif.',
    );
  return {
    version: 1,
    gates: Object.fromEntries(
      compared.map((result) => {
        const { gate, status, findingsOmitted, details } = result;
        if ((status !== 'passed' && status !== 'failed') || details['baseline'] === 'incomparable')
          throw new GatesError(
            'gates_options_invalid',
            `The gate ${gate} gives no baseline: ${result.message}`,
          );
        if (findingsOmitted > 0)
          throw new GatesError(
            'gates_options_invalid',
            `The gate ${gate} has ${findingsOmitted} findings more than findingsLimit: raise it.`,
          );
        return [gate, countsOf(result.findings)] as const;
      }),
    ),
  };
}

/** Separate from any name, so that a file may be called like a property of all objects. */
function countsOf(findings: readonly Finding[]): KnownFindings {
  const counts = new Map<string, Map<string, number>>();
  for (const { file, rule } of findings) {
    const rules = counts.get(file ?? '') ?? new Map<string, number>();
    counts.set(file ?? '', rules);
    rules.set(rule ?? '', (rules.get(rule ?? '') ?? 0) + 1);
  }
  return Object.fromEntries(
    [...counts]
      .toSorted(byName)
      .map(([file, rules]) => [file, Object.fromEntries([...rules].toSorted(byName))]),
  );
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * The verdict beside what the baseline knows: a gate that failed for its findings alone passes when none is new.
 * The findings of a file and rule are new when there are more than the baseline counts; which of them, nobody can tell.
 */
export function compareWithBaseline(verdict: Verdict, known: KnownFindings): Verdict {
  const { status, faults, findings = [], details } = verdict;
  if (status !== 'failed' && status !== 'passed') return verdict;
  const total = status === 'passed' ? 0 : faults;
  if (total === undefined) return { ...verdict, details: { ...details, baseline: 'incomparable' } };
  const found = status === 'passed' ? [] : findings;
  if (total > found.length) {
    const message = `${counted(total, 'finding')} cannot be compared with the baseline: the tool listed ${found.length} of them. Correct some, or check fewer files at a time.`;
    return { ...verdict, status: 'error', message };
  }
  const { fresh, knownFound, knownTotal } = matched(found, known);
  const fewer = knownTotal - knownFound;
  const comparison = { baseline: 'compared', newFindings: fresh.count, knownFindings: knownFound };
  const tighten =
    fewer === 0 ? '' : ` ${fewer} fewer than the baseline: tighten it with gates --write-baseline.`;
  if (fresh.count === 0) {
    const said =
      status === 'passed'
        ? verdict.message
        : `No new finding; ${counted(knownFound, 'known one')} of the baseline. ${verdict.message}`;
    return {
      ...verdict,
      status: 'passed',
      findings: [],
      message: said + tighten,
      details: { ...details, ...comparison },
    };
  }
  return {
    ...verdict,
    message: `${counted(fresh.count, 'new finding')}; ${counted(knownFound, 'known one')} of the baseline. ${verdict.message}${tighten}`,
    details: { ...details, ...comparison },
    findings: fresh.findings,
  };
}

function matched(findings: readonly Finding[], known: KnownFindings) {
  const knownCounts = new Map(
    Object.entries(known).flatMap(([file, rules]) =>
      Object.entries(rules).map(([rule, count]) => [JSON.stringify([file, rule]), count] as const),
    ),
  );
  const keyOf = ({ file, rule }: Finding) => JSON.stringify([file ?? '', rule ?? '']);
  const groups = Map.groupBy(findings, keyOf);
  const fresh: Finding[] = [];
  let [count, knownFound] = [0, 0];
  for (const [key, group] of groups) {
    const allowed = knownCounts.get(key) ?? 0;
    knownFound += Math.min(group.length, allowed);
    if (group.length <= allowed) continue;
    count += group.length - allowed;
    fresh.push(...group);
  }
  const knownTotal = [...knownCounts.values()].reduce((sum, each) => sum + each, 0);
  return { fresh: { count, findings: fresh }, knownFound, knownTotal };
}
