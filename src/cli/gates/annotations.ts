import type { Finding, GateResult } from '../../gates/gate.ts';
import type { GatesReport } from '../../gates/report.ts';
import { withoutCommand } from './ci.ts';
import { spread } from './group-findings.ts';
import { namesInRepository } from './repository-path.ts';
import { describeFinding, formatMessage } from './text.ts';

/**
 * GitHub shows 10 errors and 10 warnings of a step, and drops the rest without a word (the page
 * problem-matchers.md of actions/toolkit, "Limitations").
 */
const shownByGithub = 10;

/** Workflow commands for the log of a job: GitHub shows them beside the lines, Gitea folds them in the log. */
export function renderAnnotations(kind: 'github' | 'gitea', report: GatesReport): string {
  const told = report.gates.filter(({ passed, status }) => !passed && status !== 'skipped');
  if (kind === 'gitea') return told.map((result) => foldedFindings(result, report)).join('');
  const nameOf = namesInRepository(report.directory);
  const all = told.flatMap(annotationsOf);
  return (['error', 'warning'] as const)
    .flatMap((severity) => spread(all.filter(hasSeverity(severity)), shownByGithub))
    .map((finding) => githubCommand(finding, nameOf))
    .join('');
}

interface Annotation extends Finding {
  readonly gate: string;
}

/** A gate without findings is one about no file; what does not count is never an error. */
function annotationsOf({ gate, counts, message, findings }: GateResult): readonly Annotation[] {
  const nowhere = { file: null, line: null, column: null, rule: null };
  const whole: Finding = { ...nowhere, message, severity: 'error' };
  return (findings.length > 0 ? findings : [whole]).map((finding) => ({
    ...finding,
    gate,
    severity: counts ? finding.severity : 'warning',
  }));
}

function hasSeverity(severity: Finding['severity']) {
  return (finding: Finding) => finding.severity === severity;
}

function githubCommand(finding: Annotation, nameOf: (file: string) => string): string {
  const { gate, file, line, column, rule, message, severity } = finding;
  const properties = [
    ...(file === null ? [] : [`file=${escapeProperty(nameOf(file))}`]),
    ...(file === null || line === null ? [] : [`line=${line}`]),
    ...(file === null || line === null || column === null ? [] : [`col=${column}`]),
    `title=${escapeProperty(rule === null ? gate : `${gate}: ${rule}`)}`,
  ];
  return `::${severity} ${properties.join(',')}::${escapeData(formatMessage(message))}\n`;
}

function foldedFindings(result: GateResult, { directory }: GatesReport): string {
  const { gate, findings, findingsOmitted } = result;
  if (findings.length === 0) return '';
  const lines = findings.map((finding) => `${describeFinding(finding, directory)}\n`);
  const title = `${gate}: ${findings.length + findingsOmitted} findings`;
  return `::group::${escapeData(title)}\n${withoutCommand(lines.join(''))}::endgroup::\n`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
