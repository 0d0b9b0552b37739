import wrapAnsi from 'wrap-ansi';

import { gateStatuses, type Finding, type GateResult } from '../../gates/gate.ts';
import type { GatesReport } from '../../gates/report.ts';
import { formatDuration, formatMessage, formatPlace, statusMarks } from './text.ts';
import { printable, renderTable, type Style } from '../output.ts';

/** Narrower terminals get no column of tools. */
const roomForTools = 90;
const shownFindings = 10;

/** What the gates came to, for people: a table, the first findings, and the verdict at the end. */
export function renderSummary(report: GatesReport, style: Style): string {
  const sections = [
    renderResults(report.gates, style),
    ...report.gates
      .filter(({ passed, findings }) => !passed && findings.length > 0)
      .map((result) => renderFindings(result, report.directory, style)),
    renderVerdict(report, style),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** A table with a row a gate. */
export function renderResults(results: readonly GateResult[], { width, paint }: Style): string {
  const columns = [
    { title: 'Gate', cell: ({ gate }: GateResult) => gate },
    { title: 'Status', cell: ({ status }: GateResult) => status },
    { title: 'Time', cell: ({ durationMs }: GateResult) => formatDuration(durationMs) },
    ...(width < roomForTools ? [] : [{ title: 'Tool', cell: formatTool }]),
    { title: 'What', cell: ({ message }: GateResult) => formatMessage(message) },
  ];
  return renderTable(
    columns.map(({ title }) => title),
    results.map((result) => columns.map(({ cell }) => cell(result))),
    width,
    (text, column) => {
      const status = gateStatuses.find((name) => column === 1 && name === text);
      return status === undefined ? text : paint(statusMarks[status].colour, text);
    },
  );
}

function formatTool({ tool }: GateResult): string {
  return tool === null ? '' : `${tool.name} ${tool.version}`;
}

function renderFindings(result: GateResult, directory: string, style: Style): string {
  const { gate, findings, findingsOmitted } = result;
  const count = findings.length + findingsOmitted;
  const shown = findings.slice(0, shownFindings);
  const more = count - shown.length;
  return [
    style.paint('bold', `${gate}: ${count} ${count === 1 ? 'finding' : 'findings'}`),
    ...shown.map((finding) => renderFinding(finding, directory, style)),
    ...(more === 0 ? [] : [style.paint('dim', `  and ${more} more`)]),
  ].join('\n');
}

/** The place stays whole, or it could not be followed; the message goes beside it, or below where it is long. */
function renderFinding(finding: Finding, directory: string, { width, paint }: Style) {
  const place = formatPlace(finding, directory);
  const kind = finding.severity === 'warning' ? 'warning: ' : '';
  const rule = finding.rule === null ? '' : ` (${printable(finding.rule)})`;
  const text = `${kind}${formatMessage(finding.message)}${rule}`;
  const bold = place === '' ? '' : `  ${paint('bold', place)}`;
  if (place.length + text.length + 4 <= width) return `${bold}  ${text}`;
  const below = indent(wrapAnsi(text, width - 4, { hard: true }));
  return bold === '' ? below : `${bold}\n${below}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}

function renderVerdict(report: GatesReport, { width, paint }: Style): string {
  const { verdict, gates, commit, dirty, sandbox, durationMs, weakened } = report;
  const passed = gates.filter((result) => result.passed).length;
  const facts = [
    `${passed} of ${gates.length} gates passed in ${formatDuration(durationMs)}`,
    commit === null
      ? 'no git commit'
      : `commit ${printable(commit).slice(0, 10)}${dirty === true ? ' with changes' : ''}`,
    `sandbox ${sandbox}`,
  ];
  const lines = [`${paint(statusMarks[verdict].colour, verdict)}: ${facts.join(', ')}`];
  if (weakened) lines.push('weakened: a threshold of coverage stands below 85 %');
  return lines.map((line) => wrapAnsi(line, width)).join('\n');
}
