import wrapAnsi from 'wrap-ansi';

import { gateStatuses, type Finding, type GateResult } from '../../gates/gate.ts';
import type { GatesReport } from '../../gates/report.ts';
import { countBy, spread } from './group-findings.ts';
import { describeResult, formatDuration, formatMessage, formatPlace, statusMarks } from './text.ts';
import { printable, renderTable, type Style } from '../output.ts';

/** Narrower terminals get no column of tools. */
const roomForTools = 90;
const shownFindings = 10;
/** Rules and files that are named with their counts. */
const shownGroups = 5;

export interface SummaryStyle extends Style {
  /** True to show every finding. */
  readonly all?: boolean;
}

/** What the gates came to, for people: a table, the first findings, and the verdict at the end. */
export function renderSummary(report: GatesReport, style: SummaryStyle): string {
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
    { title: 'What', cell: describeResult },
  ];
  return renderTable(
    columns.map(({ title }) => title),
    results.map((result) => columns.map(({ cell }) => cell(result))),
    width,
    (text, column, row) => {
      if (results[row]?.counts === false) return paint('dim', text);
      const status = gateStatuses.find((name) => column === 1 && name === text);
      return status === undefined ? text : paint(statusMarks[status].colour, text);
    },
  );
}

function formatTool({ tool }: GateResult): string {
  return tool === null ? '' : `${tool.name} ${tool.version}`;
}

function renderFindings(result: GateResult, directory: string, style: SummaryStyle): string {
  const { gate, findings, findingsOmitted } = result;
  const count = findings.length + findingsOmitted;
  const shown = style.all === true ? findings : spread(findings, shownFindings);
  const more = count - shown.length;
  const hint = more > 0 && style.all !== true ? ' (--all shows them)' : '';
  return [
    style.paint('bold', `${gate}: ${count} ${count === 1 ? 'finding' : 'findings'}`),
    ...(count > shownFindings ? renderCounts(findings, directory, style) : []),
    ...shown.map((finding) => renderFinding(finding, directory, style)),
    ...(more === 0 ? [] : [style.paint('dim', `  and ${more} more${hint}`)]),
  ].join('\n');
}

/** Which rules and which files have how many; a single one says nothing. */
function renderCounts(
  findings: readonly Finding[],
  directory: string,
  { width, paint }: Style,
): readonly string[] {
  const place = (file: string) => formatPlace({ file, line: null, column: null }, directory);
  const groups = [
    { title: 'by rule', counts: countBy(findings, ({ rule }) => rule) },
    {
      title: 'by file',
      counts: countBy(findings, ({ file }) => (file === null ? null : place(file))),
    },
  ];
  return groups
    .filter(({ counts }) => counts.length > 1)
    .map(({ title, counts }) => {
      // Not "1 others".
      const shown = counts.length === shownGroups + 1 ? counts.length : shownGroups;
      const named = counts.slice(0, shown).map(([name, n]) => `${printable(name)} ${n}`);
      const rest = counts.slice(shown);
      const left = rest.reduce((sum, [, n]) => sum + n, 0);
      const others = rest.length === 0 ? [] : [`${rest.length} others ${left}`];
      const text = wrapAnsi([...named, ...others].join(', '), width - 11, { hard: true });
      return paint('dim', `  ${title}  ${text.replaceAll('\n', `\n${' '.repeat(11)}`)}`);
    });
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
  const counted = gates.filter(({ counts }) => counts);
  const passed = counted.filter((result) => result.passed).length;
  const facts = [
    `${passed} of ${counted.length} gates passed in ${formatDuration(durationMs)}`,
    commit === null
      ? 'no git commit'
      : `commit ${printable(commit).slice(0, 10)}${dirty === true ? ' with changes' : ''}`,
    `sandbox ${sandbox}`,
  ];
  const lines = [
    ...describeLimits(report),
    ...(weakened ? ['weakened: a threshold of coverage stands below 85 %'] : []),
    `${paint(statusMarks[verdict].colour, verdict)}: ${facts.join(', ')}`,
  ];
  return lines.map((line) => wrapAnsi(line, width)).join('\n');
}

/** What the verdict does not cover, and the next step. */
function describeLimits({ gates, gatesFile }: GatesReport): readonly string[] {
  const named = (results: readonly GateResult[]) => results.map(({ gate }) => gate).join(', ');
  const unchecked = gates.filter(({ status }) => status !== 'passed' && status !== 'failed');
  const unused = unchecked.some(({ counts }) => !counts);
  const isTold = unused && gatesFile === null;
  const step = isTold ? '; gates --init proposes gates for the tools that it has' : '';
  const weaker = gates.filter(({ judgedBy, counts }) => counts && judgedBy === 'exit_code');
  return [
    ...(unchecked.length === 0 ? [] : [`not checked: ${named(unchecked)}${step}`]),
    ...(weaker.length === 0 ? [] : [`weaker: ${named(weaker)}, judged by the exit code alone`]),
    ...(gates.some(({ counts }) => counts) ? [] : ['no gate counts, so there is no verdict']),
  ];
}
