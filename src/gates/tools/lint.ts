import { stat } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import type { Checkout, Finding, Gate, Tool, ToolRun, Verdict } from '../gate.ts';
import { ancestors } from './find-tool.ts';
import { errorWords } from './error-words.ts';
import { lastWords, verdictOnEnd, withTool } from './tool-verdict.ts';
import { parseReport, relativeFile } from './reports.ts';
import { lintProject, parseScope, placeFormatter, withLintScope } from './scope/lint-scope.ts';
import { isAtLeast } from './versions.ts';

/**
 * eslint over the whole checkout; a warning is a failure, and so is a directive that disables nothing. Nothing
 * found by no rule is no success: what rules looked at is compared with what the project holds.
 */
export const lint: Gate = {
  name: 'lint',
  check: (checkout) => withTool(checkout, 'eslint', (tool) => checkWith(checkout, tool)),
};

async function checkWith(checkout: Checkout, tool: Tool): Promise<Verdict> {
  const { directory, options } = checkout;
  const scratch = await checkout.scratch('lint');
  const report = path.join(scratch, 'report.json');
  const eslintrc = await readsEslintrc(tool, directory);
  const project = await lintProject(checkout);
  const formatter = await placeFormatter(scratch, {
    eslint: path.dirname(path.dirname(tool.entry)),
    eslintrc,
    directory,
    files: project.code,
  });
  const run = await checkout.run(tool, [
    '--format',
    formatter,
    '--output-file',
    report,
    '--max-warnings=0',
    ...(isAtLeast(tool, '8.56.0')
      ? ['--report-unused-disable-directives-severity', 'error']
      : ['--report-unused-disable-directives']),
    ...(eslintrc ? ['--ext', extensions] : []),
    '--',
    ...(options.lint.paths ?? ['.']),
  ]);
  const text = await checkout.readReport(report, run.startedAt);
  const verdict = lintVerdict(directory, run, text);
  const scope = await checkout.readReport(path.join(scratch, 'scope.json'), run.startedAt);
  return withLintScope(verdict, project, parseScope(scope ?? ''));
}

/** With .eslintrc, ESLint takes only .js from a directory, and the files that `overrides` name. */
const extensions = '.js,.jsx,.cjs,.mjs,.ts,.tsx,.cts,.mts';

/** True when ESLint reads .eslintrc: version 8 that finds no eslint.config.js here or above. */
async function readsEslintrc(tool: Tool, directory: string): Promise<boolean> {
  if (isAtLeast(tool, '9.0.0')) return false;
  const endings = isAtLeast(tool, '8.57.0') ? ['js', 'mjs', 'cjs'] : ['js'];
  for (const place of ancestors(directory)) {
    for (const ending of endings) {
      const found = await stat(path.join(place, `eslint.config.${ending}`)).catch(() => undefined);
      if (found?.isFile()) return false;
    }
  }
  return true;
}

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
      faults: errors + warnings,
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

/** Without the headline eslint puts above every crash, and the warnings of Node above that. */
function complaintOf({ stderr, ...run }: ToolRun): string {
  return errorWords({
    ...run,
    stderr: stderr.replace(/^[^]*Oops! Something went wrong! :\(\s+ESLint: \S+\s+/, ''),
  });
}

/** Reads a report of eslint's formatter `json`; undefined for anything else. */
function parseEslintReport(text: string, directory: string) {
  const files = parseReport(text, reportSchema);
  if (!files) return undefined;
  return {
    files: files.length,
    errors: files.reduce((sum, file) => sum + file.errorCount, 0),
    warnings: files.reduce((sum, file) => sum + file.warningCount, 0),
    findings: files.flatMap(({ filePath, messages }) =>
      messages.map((message) => toFinding(relativeFile(directory, filePath), message)),
    ),
  };
}

const count = z.int().nonnegative();
const message = z.object({
  ruleId: z.string().nullable(),
  severity: z.union([z.literal(1), z.literal(2)]),
  message: z.string(),
  line: z.int().optional(),
  column: z.int().optional(),
});
const reportSchema = z.array(
  z.object({
    filePath: z.string(),
    messages: z.array(message),
    errorCount: count,
    warningCount: count,
  }),
);

function toFinding(file: string, found: z.infer<typeof message>): Finding {
  return {
    file,
    line: found.line ?? null,
    column: found.column ?? null,
    rule: found.ruleId,
    message: found.message,
    severity: found.severity === 2 ? 'error' : 'warning',
  };
}
