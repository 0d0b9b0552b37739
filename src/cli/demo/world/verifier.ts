import { verdictCauses, verificationJob, type Verdict } from '../../../issue/verification.ts';
import { z } from 'zod';

import type { Temper } from './backlog.ts';
import { post, type ApiCaller, type Reply } from './calls.ts';
import type { Dice } from './dice.ts';

/** What a verifier will find on each commit: decided when the commit is made. */
export type Outcomes = ReturnType<typeof createOutcomes>;

interface Planned {
  readonly isGood: boolean;
  /** The same findings as before, on the same tree. */
  readonly isRepeated: boolean;
}

/** Commits of which the outcome is remembered: those of before are verified. */
const maxPlanned = 500;

export function createOutcomes() {
  const planned = new Map<string, Planned>();

  function plan(commit: string, temper: Temper, round: number): void {
    const isRepeated = temper === 'stubborn';
    const isGood = !isRepeated && (temper !== 'careful' || round > 0);
    planned.set(commit, { isGood, isRepeated });
    const [oldest] = planned.keys();
    if (planned.size > maxPlanned && oldest !== undefined) planned.delete(oldest);
  }

  return { plan, of: (commit: string) => planned.get(commit) ?? good };
}

const good: Planned = { isGood: true, isRepeated: false };

/** Names of their tokens. */
export const verifiers = ['verifier-a', 'verifier-b'] as const;

interface VerifierDeps {
  readonly caller: ApiCaller;
  readonly dice: Dice;
  readonly outcomes: Outcomes;
  readonly now: () => number;
  /** Usual steps of work in this one. */
  readonly pace: () => number;
}

const takeAnswer = z.object({ job: verificationJob.nullable() });

/** A verifier that runs no gates: it takes its time, and says what the story wants. */
export function createVerifier({ caller, dice, outcomes, now, pace }: VerifierDeps) {
  let job: z.infer<typeof verificationJob> | undefined;
  let left = 0;

  /** Keeps the lease; called more often than `step`. */
  async function beat(): Promise<void> {
    if (job === undefined) return;
    const { status } = await callOn(job, 'heartbeat');
    if (status !== 200) job = undefined;
  }

  async function step(): Promise<void> {
    if (job === undefined) {
      const { json } = await post(caller, '/verifications/take');
      job = takeAnswer.safeParse(json).data?.job ?? undefined;
      left = dice.between(2, 5);
      return;
    }
    left -= pace();
    if (left > 0) return;
    const ended = job;
    job = undefined;
    // Now and then the network is away: that is nobody's fault, and tried again.
    const body = dice.chance(0.05)
      ? noNetwork
      : verdictOf(outcomes.of(ended.commit), ended.commit, { dice, now });
    await callOn(ended, 'verdict', body);
  }

  function callOn(
    on: z.infer<typeof verificationJob>,
    what: string,
    body?: Verdict,
  ): Promise<Reply> {
    const headers = { 'x-verification-token': on.token };
    const more = body === undefined ? { headers } : { headers, body };
    return post(caller, `/verifications/${on.verificationId}/${what}`, more);
  }

  return { beat, step };
}

const base = 'f'.repeat(40);
const environment = 'mosaic-coordinator demo, node 24.21.0, git 2.47.1';
const durations = { fetchMs: 900, mergeMs: 120, gatesMs: 41_000 };

const noNetwork: Verdict = {
  outcome: 'error',
  cause: { code: 'no_network', message: 'The registry of packages does not answer.' },
  ...{ base, tree: null, configHash: null, environment, gates: [], findings: '' },
  ...{ fingerprint: null, report: null, durations },
};

interface Gate {
  readonly gate: string;
  readonly message: string;
  readonly tool: readonly [name: string, version: string] | null;
  readonly ms: number;
}

const gates: readonly Gate[] = [
  { gate: 'build', message: 'tsc found no errors.', tool: ['typescript', '6.0.3'], ms: 8_200 },
  { gate: 'lint', message: 'eslint found nothing.', tool: ['eslint', '10.15.0'], ms: 11_400 },
  { gate: 'test', message: 'All 214 tests passed.', tool: ['vitest', '5.1.1'], ms: 17_900 },
  {
    gate: 'coverage',
    message: '93.4 % of lines, 85 % are wanted.',
    tool: ['vitest', '5.1.1'],
    ms: 3_100,
  },
  { gate: 'integrity', message: 'Nothing was weakened.', tool: null, ms: 400 },
];

const finding = {
  ...{ file: 'test/harbor.test.ts', line: 41, column: 7, rule: null, severity: 'error' as const },
  message: 'a boat of 12 m gets no berth of 11 m: expected false, received true',
};
const lintFinding = {
  ...{ file: 'src/harbor.ts', line: 88, column: 3, severity: 'error' as const },
  ...{ rule: 'no-floating-promises', message: 'Promises must be awaited.' },
};

function verdictOf(
  { isGood, isRepeated }: Planned,
  commit: string,
  { dice, now }: Pick<VerifierDeps, 'dice' | 'now'>,
): Verdict {
  const red: readonly string[] = isGood ? [] : ['lint', 'test'];
  const status = (gate: string) => (red.includes(gate) ? 'failed' : 'passed');
  const results = gates.map(({ gate, message, tool, ms }) => ({
    ...{
      gate,
      status: status(gate),
      passed: !red.includes(gate),
      counts: true,
      judgedBy: 'report',
    },
    message: red.includes(gate) ? `${gate} found 1 fault.` : message,
    ...{
      details: {},
      findings:
        gate === 'test' && !isGood ? [finding] : gate === 'lint' && !isGood ? [lintFinding] : [],
    },
    ...{ findingsOmitted: 0, durationMs: ms, tool: tool && { name: tool[0], version: tool[1] } },
  }));
  const tree = isRepeated ? 'd'.repeat(40) : dice.hex(40);
  const outcome = isGood ? 'passed' : 'failed';
  const common = {
    ...{ base, tree, configHash: 'c0ffee'.repeat(10), environment, durations },
    gates: gates.map(({ gate, message, tool, ms }) => ({
      ...{ gate, status: status(gate), counts: true, durationMs: ms },
      ...{ message: red.includes(gate) ? `${gate} found 1 fault.` : message },
      tool: tool?.join(' ') ?? null,
    })),
    report: {
      ...{ verdict: outcome, gates: results, directory: '.', commit, dirty: false },
      ...{ configHash: 'c0ffee'.repeat(10), gatesFile: '.mosaic/gates.json at main' },
      ...{ weakened: false, sandbox: 'bwrap', startedAt: new Date(now()).toISOString() },
      durationMs: durations.gatesMs,
    },
  } satisfies Partial<Verdict>;
  if (isGood)
    return {
      ...{ outcome: 'passed', ...common, findings: '', fingerprint: null },
      cause: { code: verdictCauses.passed[0], message: 'All 5 gates passed.' },
    };
  return {
    ...{ outcome: 'failed', ...common },
    cause: { code: 'gates_failed', message: '2 of 5 gates failed: lint, test.' },
    findings: [lintFinding, finding]
      .map(({ file, line, message }) => `${file}:${line} ${message}`)
      .join('\n'),
    fingerprint: isRepeated ? 'the same again' : dice.hex(16),
  };
}
