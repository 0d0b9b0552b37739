import type { Finding, GateResult, Verdict } from './gate.ts';
import type { GateName } from './names.ts';

/** Maximum length of a text: enough for any message of a tool, too little to fill a log. */
const textLimit = 1_000;

/** The result of a gate, bounded; `rename` is applied to every text. */
export function gateResult(
  verdict: Verdict,
  {
    gate,
    counts,
    durationMs,
    findingsLimit,
    rename,
  }: {
    readonly gate: GateName;
    readonly counts: boolean;
    readonly durationMs: number;
    readonly findingsLimit: number;
    readonly rename: (text: string) => string;
  },
): GateResult {
  const {
    status,
    message,
    details = {},
    findings = [],
    tool = null,
    judgedBy = 'report',
  } = verdict;
  const bounded = (text: string) => shorten(rename(text));
  return {
    gate,
    status,
    passed: status === 'passed',
    counts,
    judgedBy,
    message: bounded(message),
    details: Object.fromEntries(
      Object.entries(details).map(([name, value]) => [
        name,
        typeof value === 'string' ? bounded(value) : value,
      ]),
    ),
    findings: findings.slice(0, findingsLimit).map((finding) => boundFinding(finding, bounded)),
    findingsOmitted: Math.max(0, findings.length - findingsLimit),
    durationMs,
    tool,
  };
}

function boundFinding(finding: Finding, bounded: (text: string) => string): Finding {
  const { file, rule, message } = finding;
  return {
    ...finding,
    file: file === null ? null : bounded(file),
    rule: rule === null ? null : bounded(rule),
    message: bounded(message),
  };
}

function shorten(text: string): string {
  return text.length > textLimit ? `${text.slice(0, textLimit - 1)}…` : text;
}
