import type { GateResult } from '../gates/gate.ts';
import type { GatesReport } from '../gates/report.ts';
import { beyondLimit } from '../gates/tools/tool-verdict.ts';
import {
  verdictGatesLimit,
  verdictMessageLimit,
  verdictReportLimit,
  type Verdict,
  type VerdictGate,
} from '../issue/verification.ts';
import { oneLine } from '../lib/text.ts';
import { fingerprintOf, hashOf, listFindings, withoutNumbers } from './findings-list.ts';
import type { ErrorCause, FailedCause } from './verifier-error.ts';

/** What is known however the verification ends. */
export interface Facts {
  readonly base: string | null;
  readonly tree: string | null;
  readonly environment: string;
  readonly durations: Verdict['durations'];
}

const nothingRan = {
  configHash: null,
  gates: [] satisfies VerdictGate[],
  fingerprint: null,
  report: null,
};

/** The verdict on a commit that no gate has seen. */
export function refusedVerdict(
  facts: Facts,
  { code, message }: { readonly code: FailedCause; readonly message: string },
): Verdict {
  const words = oneLine(message, verdictMessageLimit);
  return {
    outcome: 'failed',
    cause: { code, message: words },
    ...facts,
    ...nothingRan,
    findings: words,
    fingerprint: hashOf([code, withoutNumbers(words)]),
  };
}

/** The verdict when the verification itself went wrong. */
export function errorVerdict(
  facts: Facts,
  { code, message }: { readonly code: ErrorCause; readonly message: string },
): Verdict {
  return {
    outcome: 'error',
    cause: { code, message: oneLine(message, verdictMessageLimit) },
    ...facts,
    ...nothingRan,
    findings: '',
  };
}

export interface GatesRun {
  readonly report: GatesReport;
  /** Gates that could not be judged on the merge, and pass on the base. */
  readonly fineOnBase: readonly string[];
  /** Number of install steps that ran before the gates. */
  readonly installSteps: number;
  readonly commit: string;
  readonly baseBranch: string;
  /** Files that the commit changes and the gates take from the base. */
  readonly notTaken: readonly string[];
  /** Applied to every text: takes private paths out. */
  readonly rename: (text: string) => string;
}

/** The verdict of the gates. */
export function gatesVerdict(facts: Facts, run: GatesRun): Verdict {
  const { report, installSteps, fineOnBase } = run;
  const counted = report.gates.filter(({ counts }) => counts);
  const red = counted.filter(({ status }) => status !== 'passed');
  const judged = counted.filter(({ gate }) => gate !== 'prepare' && gate !== 'integrity');
  const common = {
    ...facts,
    configHash: report.configHash,
    gates: report.gates.slice(0, verdictGatesLimit).map((gate) => shortGate(gate, run.rename)),
    report: boundedReport(report, run.rename),
  };
  const faults = red.filter(
    (gate) => isFaultOfCommit(gate, installSteps) || fineOnBase.includes(gate.gate),
  );
  if (faults.length > 0) {
    const findings = run.rename(listFindings({ opening: openingOf(run), gates: red }));
    const message = `Failed on ${short(run.commit)}: ${faults.map(({ gate }) => gate).join(', ')}.`;
    return {
      outcome: 'failed',
      cause: { code: 'gates_failed', message: oneLine(message, verdictMessageLimit) },
      ...common,
      findings,
      fingerprint: fingerprintOf(faults.map((gate) => renamed(gate, run.rename))),
    };
  }
  const nothing = { findings: '', fingerprint: null };
  const [first] = red;
  if (first === undefined && judged.length === 0) {
    const message = `No gate looked at the commit: name gates in .mosaic/gates.json on ${run.baseBranch}.`;
    return {
      ...{ outcome: 'error', cause: { code: 'gates_error', message }, ...common },
      ...nothing,
    };
  }
  if (first === undefined) {
    const names = judged.map(({ gate }) => gate).join(', ');
    const message = oneLine(`Passed on ${short(run.commit)}: ${names}.`, verdictMessageLimit);
    return { outcome: 'passed', cause: { code: 'gates_passed', message }, ...common, ...nothing };
  }
  const code = red.every(({ status }) => status === 'timeout') ? 'timeout' : 'gates_error';
  const words = red.map(({ gate, message }) => `${gate}: ${message}`).join(' ');
  const message = oneLine(run.rename(words), verdictMessageLimit);
  return { outcome: 'error', cause: { code, message }, ...common, ...nothing };
}

/**
 * A gate that failed; one that was stopped for what the code wrote, forked or used; and one that the code kept from
 * ending. Installing and comparing with the base are our part.
 */
function isFaultOfCommit({ gate, status, details }: GateResult, installSteps: number): boolean {
  if (status === 'failed') return true;
  if (gate === 'integrity') return false;
  if (gate === 'prepare' && Number(details['install'] ?? 0) < installSteps) return false;
  return status === 'timeout' || details[beyondLimit] === true;
}

/**
 * Gates with an error where the commit may be at fault; none when it is at fault anyway, or when the packages are not
 * there.
 */
export function unclearGates({ gates }: GatesReport, installSteps: number): readonly string[] {
  const red = gates.filter(({ counts, status }) => counts && status !== 'passed');
  if (red.some((gate) => isFaultOfCommit(gate, installSteps) || gate.gate === 'prepare')) return [];
  const unclear = red.filter(({ gate, status }) => status === 'error' && gate !== 'integrity');
  return unclear.map(({ gate }) => gate);
}

function openingOf({ commit, baseBranch, notTaken }: GatesRun): string[] {
  const opening = [
    `The gates refused ${short(commit)}, merged into ${baseBranch}. Fix all of this, commit, push, and complete with the new commit. Do not weaken tests, configuration or gates: they are taken from, or compared with, ${baseBranch}.`,
  ];
  if (notTaken.length > 0)
    opening.push(
      `The gates do not use your changes to ${notTaken.slice(0, 10).join(', ')}${notTaken.length > 10 ? ` and ${notTaken.length - 10} more` : ''}: configuration and dependencies come from ${baseBranch}. What needs them has to be merged there by a person first.`,
    );
  return opening;
}

function shortGate(gate: GateResult, rename: (text: string) => string): VerdictGate {
  const { status, counts, message, durationMs, tool } = gate;
  return {
    ...{ gate: gate.gate.slice(0, 100), status, counts, durationMs },
    message: oneLine(rename(message), verdictMessageLimit),
    tool: tool === null ? null : `${tool.name} ${tool.version}`.slice(0, 300),
  };
}

function renamed(gate: GateResult, rename: (text: string) => string): GateResult {
  return {
    ...gate,
    message: rename(gate.message),
    findings: gate.findings.map((finding) => ({ ...finding, message: rename(finding.message) })),
  };
}

/** Findings that a report keeps of each gate, tried until it is small enough. */
const kept = [200, 50, 10, 0];

function boundedReport(report: GatesReport, rename: (text: string) => string): unknown {
  for (const limit of kept) {
    const gates = report.gates.map((gate) => ({
      ...gate,
      findings: gate.findings.slice(0, limit),
      findingsOmitted: gate.findingsOmitted + Math.max(0, gate.findings.length - limit),
    }));
    const text = rename(JSON.stringify({ ...report, gates }));
    const value: unknown = JSON.parse(text);
    if (Buffer.byteLength(text) <= verdictReportLimit) return value;
  }
  return null;
}

function short(commit: string): string {
  return commit.slice(0, 10);
}
