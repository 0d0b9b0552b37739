import path from 'node:path';

import { parseEslintReport } from './eslint-report.ts';
import type { Gate, ToolRun, Verdict } from '../gate.ts';
import { lastWords, verdictOnEnd, withTool } from './tool-verdict.ts';

/** eslint over the whole checkout; a warning is a failure, and so is a directive that disables nothing. */
export const lint: Gate = {
  name: 'lint',
  check: (checkout) =>
    withTool(checkout, 'eslint', async (tool) => {
      const file = path.join(await checkout.scratch('lint'), 'report.json');
      const run = await checkout.run(tool, [
        '--format',
        'json',
        '--output-file',
        file,
        '--max-warnings=0',
        '--report-unused-disable-directives-severity',
        'error',
        '.',
      ]);
      const report = await checkout.readReport(file, run.startedAt);
      return lintVerdict(checkout.directory, run, report);
    }),
};

/**
 * The verdict on a run of eslint. Its exit code 2 means a broken configuration as well as nothing to
 * lint; both are `error`, as with tsc.
 */
export function lintVerdict(directory: string, run: ToolRun, text: string | undefined): Verdict {
  const ended = verdictOnEnd('eslint', run);
  if (ended) return ended;
  if (run.exitCode !== 0 && run.exitCode !== 1) {
    return { status: 'error', message: `eslint could not run: ${complaintOf(run)}` };
  }
  const report = parseEslintReport(text ?? '', directory);
  if (!report) {
    return {
      status: 'error',
      message: `eslint left ${text === undefined ? 'no report' : 'a report that cannot be read'}: ${lastWords(run)}`,
    };
  }
  const { files, errors, warnings, findings } = report;
  const details = { files, errors, warnings };
  if (files === 0) return { status: 'error', message: 'eslint found no file to lint.', details };
  if (errors + warnings !== findings.length || (run.exitCode === 0) !== (findings.length === 0)) {
    return {
      status: 'error',
      message: `eslint ended with exit code ${run.exitCode}, counts ${errors + warnings} problems and lists ${findings.length}.`,
      details,
      findings,
    };
  }
  if (findings.length > 0) {
    return {
      status: 'failed',
      message: `${errors} ${errors === 1 ? 'error' : 'errors'} and ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.`,
      details,
      findings,
    };
  }
  return {
    status: 'passed',
    message: `${files} ${files === 1 ? 'file' : 'files'} linted, no problem.`,
    details,
  };
}

/** Without the headline eslint puts above every crash. */
function complaintOf(run: ToolRun): string {
  return lastWords(run).replace(/^Oops! Something went wrong! :\( ESLint: \S+ /, '');
}
