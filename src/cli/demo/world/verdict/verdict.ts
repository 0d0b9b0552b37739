import { createHash } from 'node:crypto';

import { isoTime } from '../../../../issue/iso-time.ts';
import { verdictCauses, type Verdict } from '../../../../issue/verification.ts';
import type { Commit } from './outcomes.ts';
import { codeOf, type PlayedFinding } from './source-files.ts';
import { gates } from './verdict-gates.ts';

/** A run of the gates that took from one time to another, in epoch milliseconds. */
interface Run extends Commit {
  /** Issue that it is for. */
  readonly ref: string;
  readonly commit: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

const environment = 'mosaic-coordinator demo, node 24.21.0, git 2.47.1';
/** Parts of the time of a verification that go by before the gates run. */
const fetchShare = 0.03;
const mergeShare = 0.005;

/** Now and then the network is away: that is nobody's fault, and tried again. */
export const noNetwork: Verdict = {
  outcome: 'error',
  cause: { code: 'no_network', message: 'The registry of packages does not answer.' },
  ...{ base: null, tree: null, configHash: null, environment, gates: [], findings: '' },
  ...{ fingerprint: null, report: null, durations: { fetchMs: 900, mergeMs: 0, gatesMs: 0 } },
};

/** What the gates say of a commit, in the words of real ones. */
export function verdictOf(run: Run): Verdict {
  const { ref, base, commit, isGood, isRepeated, startedAt, endedAt } = run;
  const repository = ref.slice(0, ref.indexOf('#'));
  const found = isGood ? [] : findingsOn(repository, isRepeated ? ref : commit);
  const spentMs = endedAt - startedAt;
  const fetchMs = Math.round(spentMs * fetchShare);
  const mergeMs = Math.round(spentMs * mergeShare);
  const gatesMs = spentMs - fetchMs - mergeMs;
  const configHash = hash('sha256', `gates of ${repository}`);
  const results = resultsOf(codeOf(repository).tests, found, gatesMs);
  const failed = results.filter(({ passed }) => !passed).map(({ gate }) => gate);
  const common = {
    ...{
      base,
      tree: hash('sha1', `tree of ${isRepeated ? ref : commit}`),
      configHash,
      environment,
    },
    durations: { fetchMs, mergeMs, gatesMs },
    gates: results.map(({ gate, status, counts, message, durationMs, tool }) => ({
      ...{ gate, status, counts, message, durationMs },
      tool: tool && `${tool.name} ${tool.version}`,
    })),
    report: {
      ...{ verdict: isGood ? 'passed' : 'failed', gates: results, directory: '.', commit },
      ...{ dirty: false, configHash, gatesFile: '.mosaic/gates.json at main', weakened: false },
      ...{ sandbox: 'bwrap', startedAt: isoTime(startedAt + fetchMs + mergeMs) },
      durationMs: gatesMs,
    },
  } satisfies Partial<Verdict>;
  if (isGood)
    return {
      ...{ outcome: 'passed', ...common, findings: '', fingerprint: null },
      cause: { code: verdictCauses.passed[0], message: `All ${gates.length} gates passed.` },
    };
  const list = found.map(({ file, line, message }) => `${file}:${line} ${message}`);
  return {
    ...{ outcome: 'failed', ...common, findings: list.join('\n') },
    cause: {
      code: 'gates_failed',
      message: `${failed.length} of ${gates.length} gates failed: ${failed.join(', ')}.`,
    },
    fingerprint: hash('sha256', list.toSorted().join('\n')),
  };
}

function resultsOf(tests: number, found: readonly PlayedFinding[], gatesMs: number) {
  return gates.map(({ gate, tool, share, passed }) => {
    const own = found.filter((finding) => finding.gate === gate);
    const faults = `${own.length} ${own.length === 1 ? 'fault' : 'faults'}`;
    const isPassed = own.length === 0;
    return {
      ...{ gate, passed: isPassed, counts: true, judgedBy: 'report', details: {} },
      ...{ status: isPassed ? ('passed' as const) : ('failed' as const), findingsOmitted: 0 },
      message: isPassed ? passed(tests) : `${gate} found ${faults}.`,
      findings: own.map(({ file, line, column, rule, message }) => ({
        ...{ file, line, column, rule, message, severity: 'error' },
      })),
      ...{
        durationMs: Math.floor(gatesMs * share),
        tool: tool && { name: tool[0], version: tool[1] },
      },
    };
  });
}

/** One or two of the things that may be found in a repository; which ones follows from the name. */
function findingsOn(repository: string, name: string): readonly PlayedFinding[] {
  const { findings } = codeOf(repository);
  const digits = Number.parseInt(hash('sha1', name).slice(0, 6), 16);
  const first = digits % findings.length;
  const count = 1 + (digits % 2);
  return [...findings.slice(first), ...findings.slice(0, first)].slice(0, count);
}

function hash(kind: 'sha1' | 'sha256', text: string): string {
  return createHash(kind).update(text).digest('hex');
}
