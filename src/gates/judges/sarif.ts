import type { Finding } from '../gate.ts';
import { parseReport } from '../tools/reports.ts';
import { counted } from '../counted.ts';
import type { JudgedReport, Judgement } from './judgement.ts';
import { fileOf } from './places.ts';
import {
  sarifLog,
  type SarifLevel,
  type SarifLocation,
  type SarifResult,
  type SarifRun,
} from './sarif-log.ts';

/**
 * The verdict on a SARIF report: no result at this level or above that is not suppressed. Linters end with 0 or 1
 * beside a whole report; any other exit code, and 1 without a result, contradicts it.
 */
export function judgeSarif(report: JudgedReport, level: 'error' | 'warning' | 'note'): Judgement {
  const { file, text, exitCode } = report;
  const log = parseReport(text, sarifLog);
  if (log === undefined) return { status: 'error', message: `${file} is no SARIF report.` };
  if (log.runs.length === 0) return { status: 'error', message: `${file} holds no run.` };
  const problem = log.runs.map(problemIn).find((text) => text !== undefined);
  if (problem !== undefined) return { status: 'error', message: `${file}: ${problem}` };
  const results = log.runs.flatMap((each) =>
    (each.results ?? []).filter(isProblem).map((result) => ({
      result,
      run: each,
      level: levelOf(result, each),
      isSuppressed: isSuppressed(result),
    })),
  );
  const open = results.filter((each) => !each.isSuppressed);
  const found = open.filter((each) => levels.indexOf(each.level) >= levels.indexOf(level));
  const details = {
    ...filesLookedAt(log.runs),
    findings: found.length,
    belowLevel: open.length - found.length,
    suppressed: results.length - open.length,
  };
  if (found.length > 0) {
    const findings = found.map((each) => findingOf(each, report));
    const message = `${counted(found.length, 'finding')} of level ${level} or above${others(details)}.`;
    // Another exit code tells of more than findings.
    const faults = exitCode <= 1 ? found.length : undefined;
    return { status: 'failed', message, details, findings, faults };
  }
  if (exitCode !== 0 && (exitCode !== 1 || open.length === 0)) {
    const message = `The command ended with exit code ${exitCode}, but ${file} holds no finding that explains it.`;
    return { status: 'error', message, details };
  }
  const { files } = filesLookedAt(log.runs);
  const lookedAt = files === undefined ? 'N' : `${counted(files, 'file')} looked at, n`;
  const unsaid = files === undefined ? ' The report names no file that was looked at.' : '';
  const message = `${lookedAt}o finding of level ${level} or above${others(details)}.${unsaid}`;
  return { status: 'passed', message, details };
}

const levels: readonly SarifLevel[] = ['none', 'note', 'warning', 'error'];

function others(details: { readonly belowLevel: number; readonly suppressed: number }): string {
  const { belowLevel, suppressed } = details;
  return [belowLevel > 0 && `, ${belowLevel} below`, suppressed > 0 && `, ${suppressed} suppressed`]
    .filter(Boolean)
    .join('');
}

/** Why a run is not to be trusted. */
function problemIn(run: SarifRun): string | undefined {
  const { name } = run.tool.driver;
  if (run.externalPropertyFileReferences?.results !== undefined)
    return `the results of ${name} are in other files, which are not read.`;
  if (run.results === undefined || run.results === null)
    return `${name} did not look at anything: its run has no results, not even an empty list.`;
  for (const invocation of run.invocations ?? []) {
    const told = [
      ...(invocation.toolExecutionNotifications ?? []),
      ...(invocation.toolConfigurationNotifications ?? []),
    ].find((notification) => notification.level === 'error');
    if (told !== undefined) return `${name} had a problem: ${told.message?.text ?? 'unnamed'}`;
    if (invocation.executionSuccessful === false) return `${name} says that it did not succeed.`;
  }
  return undefined;
}

/** Other kinds say that something is fine, or does not apply. */
function isProblem({ kind = 'fail', baselineState }: SarifResult): boolean {
  return kind === 'fail' && baselineState !== 'absent';
}

function levelOf(result: SarifResult, run: SarifRun): SarifLevel {
  return result.level ?? ruleOf(result, run)?.defaultConfiguration?.level ?? 'warning';
}

function ruleOf(result: SarifResult, { tool }: SarifRun) {
  const { rules = [] } = tool.driver;
  const index = result.ruleIndex ?? result.rule?.index ?? -1;
  const id = result.ruleId ?? result.rule?.id;
  return rules[index] ?? rules.find((rule) => rule.id === id);
}

function isSuppressed({ suppressions = [] }: SarifResult): boolean {
  return suppressions.some(({ status = 'accepted' }) => status === 'accepted');
}

/** Number of files that the tools name; nothing when they name none at all. */
function filesLookedAt(runs: readonly SarifRun[]): { readonly files?: number } {
  const named = runs.flatMap(({ artifacts }) => artifacts ?? []);
  if (named.length === 0) return {};
  return { files: new Set(named.map(({ location }, index) => location?.uri ?? index)).size };
}

function findingOf(
  {
    result,
    run,
    level,
  }: { readonly result: SarifResult; readonly run: SarifRun; readonly level: SarifLevel },
  report: JudgedReport,
): Finding {
  const place = result.locations?.[0]?.physicalLocation;
  const uri = uriOf(place?.artifactLocation, run);
  const rule = result.ruleId ?? result.rule?.id ?? ruleOf(result, run)?.id ?? null;
  return {
    file: uri === undefined ? null : fileOf(uri, report),
    line: place?.region?.startLine ?? null,
    column: place?.region?.startColumn ?? null,
    rule,
    message: result.message?.text ?? result.message?.id ?? rule ?? '',
    severity: level === 'error' ? 'error' : 'warning',
  };
}

function uriOf(location: SarifLocation | undefined, run: SarifRun): string | undefined {
  const named = location?.uri ?? run.artifacts?.[location?.index ?? -1]?.location?.uri;
  if (named === undefined) return undefined;
  const base = run.originalUriBaseIds?.[location?.uriBaseId ?? '']?.uri;
  const whole = base?.startsWith('file:') === true ? base.replace(/\/?$/, '/') + named : named;
  if (whole.startsWith('file:')) return whole;
  try {
    return decodeURIComponent(whole);
  } catch {
    return whole;
  }
}
