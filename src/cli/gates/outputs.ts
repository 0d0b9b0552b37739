import { accessSync, constants, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { ConfigError } from '../../errors.ts';
import type { GatesReport } from '../../gates/report.ts';
import { attempt } from '../files.ts';
import { formatJson } from '../output.ts';
import { spread } from './group-findings.ts';
import { renderJunit } from './junit.ts';
import type { OutputFile, OutputFormat } from './options.ts';
import { renderSarif } from './sarif.ts';

const renderers: Record<OutputFormat, (report: GatesReport) => string> = {
  json: formatJson,
  junit: renderJunit,
  sarif: renderSarif,
};

export function renderOutput(format: OutputFormat, report: GatesReport): string {
  return `${renderers[format](report)}\n`;
}

/**
 * Removes what an earlier run left, so that it is not taken for the report of this one, and refuses a place that cannot
 * be written before the gates have taken their time.
 */
export function clearOutputs(outputs: readonly OutputFile[]): void {
  for (const { file } of outputs) {
    try {
      accessSync(dirname(resolve(file)), constants.W_OK);
      rmSync(file, { force: true });
    } catch (error) {
      throw new ConfigError(
        'usage',
        `--output cannot write ${file}: name a file in a directory that can be written.`,
        { cause: error },
      );
    }
  }
}

export function writeOutputs(outputs: readonly OutputFile[], report: GatesReport): void {
  for (const { format, file } of outputs)
    attempt('output_unwritable', `Cannot write ${file}`, () =>
      writeFileSync(file, renderOutput(format, report)),
    );
}

/** The report with at most `limit` findings of each gate, of every rule and file first. */
export function limitFindings(report: GatesReport, limit: number): GatesReport {
  return {
    ...report,
    gates: report.gates.map((result) => ({
      ...result,
      findings: spread(result.findings, limit),
      findingsOmitted: result.findingsOmitted + Math.max(0, result.findings.length - limit),
    })),
  };
}
