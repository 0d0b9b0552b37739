import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { baselineOf, baselinePath } from '../../gates/baseline/baseline.ts';
import type { GatesReport } from '../../gates/report.ts';
import { attempt } from '../files.ts';
import type { Io } from '../io.ts';

/** Writes down the findings of a report as known; throws when the report cannot give them. */
export function writeBaseline(io: Io, report: GatesReport): void {
  const baseline = baselineOf(report);
  const path = join(report.directory, baselinePath);
  attempt('output_unwritable', `Cannot write ${path}`, () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(baseline, null, 2)}\n`);
  });
  const counts = report.gates
    .filter(({ gate }) => Object.hasOwn(baseline.gates, gate))
    .map(({ gate, findings }) => `${gate} ${findings.length}`);
  io.stderr.write(
    `Wrote ${baselinePath} with the findings of today: ${counts.join(', ')}. Commit it: later runs fail for new ones alone.\n`,
  );
}
