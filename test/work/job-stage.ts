import { writeFileSync } from 'node:fs';

import { pino } from 'pino';

import type { ClaimedIssueAnswer, VerificationAnswer } from '../../src/issue/claim-answers.ts';
import type { Adapter, AgentEnd } from '../../src/work/adapters/adapter.ts';
import { createCommand } from '../../src/work/adapters/command.ts';
import type { AgentProgress } from '../../src/work/agent-progress.ts';
import type { AgentRunRequest, RunningAgent } from '../../src/work/agent-run.ts';
import { runJob } from '../../src/work/job.ts';
import type { JobDeps, JobRequest } from '../../src/work/job-record.ts';
import { createJournal, type JournalEntry } from '../../src/work/journal.ts';
import type { ServiceClient } from '../../src/work/service-client.ts';
import type { Checkout, PushResult } from '../../src/work/workspace/checkout.ts';
import { temporaryDirectory } from '../support/service.ts';

/** One run of an agent, as a test scripts it. */
export interface ScriptedRun {
  readonly end?: Partial<AgentEnd>;
  /** It makes this commit. */
  readonly commits?: string;
  readonly uncommitted?: readonly string[];
  readonly question?: string;
  readonly progress?: readonly Partial<AgentProgress>[];
  /** It works until somebody stops it. */
  readonly endless?: boolean;
  /** Something happens while it works. */
  readonly meanwhile?: () => void;
}

export interface StageOptions {
  readonly can?: Partial<Adapter['can']>;
  readonly verdicts?: readonly Partial<VerificationAnswer>[];
  /** Answers in place of those of the client. */
  readonly client?: Partial<ServiceClient>;
  readonly limits?: JobDeps['limits'];
  readonly handoff?: unknown;
  /** In place of opening the checkout. */
  readonly open?: () => Promise<Checkout & Disposable>;
  /** In place of what the checkout does. */
  readonly checkout?: Partial<Checkout>;
  readonly onStage?: (stage: ReturnType<typeof setStage>) => void;
  /** The pushes in order; the ones after them succeed. */
  readonly pushes?: readonly PushResult[];
  /** What a runner that was killed had noted. */
  readonly noted?: Partial<JournalEntry>;
}

export const now = Date.parse('2026-11-30T10:00:00Z');
const base = 'b'.repeat(40);
const can = { liveContext: true, hearsWhileRunning: true, showsLife: true, resumes: true };
const passed: VerificationAnswer = { state: 'passed', cause: null, findings: '', errors: 0 };

export const claim: ClaimedIssueAnswer = {
  ...{ claimId: 'c1', token: 'token-of-the-claim', leaseExpiresAt: '2026-11-30T11:00:00Z' },
  ...{ issue: 'acme/orbit#12', agent: 'sonnet' },
  plan: {
    ...{ ref: 'acme/orbit#12', repositoryId: 2, number: 12, title: 'Add a queue', warnings: [] },
    url: 'https://git.example.test/acme/orbit/issues/12',
    reason: { code: 'claimed', text: 'w works on it.' },
  },
};

interface Work {
  head: string;
  uncommitted: readonly string[];
  pushed: string;
}

/** A scripted agent, coordinator and checkout; `calls` is what the coordinator is told. */
export function setStage(script: readonly ScriptedRun[], options: StageOptions = {}) {
  const directory = temporaryDirectory();
  const calls: unknown[] = [];
  const runs: { readonly prompt: string; readonly resume: boolean; readonly said: string[] }[] = [];
  const stop = new AbortController();
  const abandon = new AbortController();
  const work: Work = { head: base, uncommitted: [], pushed: '' };
  const verdicts = [...(options.verdicts ?? [])];
  const pushes = [...(options.pushes ?? [])];
  const told = (what: string) => (_claim: unknown, body: object) => {
    calls.push({ [what]: body });
    return Promise.resolve(undefined);
  };
  const client: ServiceClient = {
    claim: () => Promise.resolve({ claim: null }),
    heartbeat: () => Promise.resolve({ leaseExpiresAt: claim.leaseExpiresAt, context: null }),
    rotate: (_claim, body) => {
      calls.push({ rotate: body });
      return Promise.resolve({ rotations: body.nth, leaseExpiresAt: claim.leaseExpiresAt });
    },
    ...{ release: told('release'), block: told('block') },
    complete: (_claim, body) => {
      calls.push({ complete: body });
      return Promise.resolve(`v${calls.length}`);
    },
    verdict: () => Promise.resolve({ ...passed, ...verdicts.shift() }),
    issueText: () => Promise.resolve(undefined),
    ...{ check: () => Promise.resolve(), close: () => Promise.resolve() },
    ...options.client,
  };
  const checkout: Checkout & Disposable = {
    ...{ directory, branch: 'agent/issue-12-add-a-queue', baseBranch: 'main', base },
    ...{ objects: '/mirror/objects', start: base, conflict: false, kept: [] },
    find: () => Promise.resolve({ ...work, isAhead: work.head !== base }),
    commitAll: () => {
      if (work.uncommitted.length > 0)
        Object.assign(work, { head: 'd'.repeat(40), uncommitted: [] });
      return Promise.resolve(work.head);
    },
    push: () => {
      const result = pushes.shift();
      if (result !== undefined) return Promise.resolve(result);
      work.pushed = work.head;
      return Promise.resolve({ kind: 'pushed', commit: work.head });
    },
    readBase: () => Promise.resolve(undefined),
    ...options.checkout,
    [Symbol.dispose]: () => undefined,
  };
  const left = [...script];
  let uuids = 0;
  const deps: JobDeps = {
    client,
    workspace: {
      open: options.open ?? (() => Promise.resolve(checkout)),
      prune: () => Promise.resolve(),
    },
    adapter: { ...createCommand(['agent']), name: 'claude', can: { ...can, ...options.can } },
    runAgent: (run) => {
      const scripted = left.shift();
      if (scripted === undefined) throw new RangeError('the script has no further run');
      const said: string[] = [];
      runs.push({ prompt: run.start.prompt, resume: run.start.resume, said });
      return play(scripted, { run, said, work });
    },
    sandbox: { mode: 'none', wrap: ({ command, args }) => ({ command, args }) },
    ...{ directory, environment: {}, modelOf: () => undefined },
    ...{ readOnly: [], projectSettings: false, limits: options.limits ?? {}, now: () => now },
    uuid: () => `uuid-${(uuids += 1)}`,
    log: pino({ level: 'silent' }),
  };
  return { deps, calls, runs, work, stop, abandon };
}

/** A job on the stage, from the claim to its end. */
export async function playJob(script: readonly ScriptedRun[], options: StageOptions = {}) {
  const made = setStage(script, options);
  options.onStage?.(made);
  const { deps, stop, abandon, ...stage } = made;
  const journal = createJournal(deps.directory, 1);
  const entry = await journal.begin('key', {});
  const request: JobRequest = {
    claim: {
      ...claim,
      ...(options.handoff !== undefined && {
        handoff: { agent: 'opus', content: options.handoff },
      }),
    },
    entry: { ...entry, ...options.noted },
    ...{ journal, stop: stop.signal, abandon: abandon.signal, show: () => undefined },
  };
  return { end: await runJob(request, deps), stop, ...stage };
}

/** Starts the script's run in a later turn, as a process would. */
function play(
  scripted: ScriptedRun,
  {
    run,
    said,
    work,
  }: {
    readonly run: AgentRunRequest;
    readonly said: string[];
    readonly work: Work;
  },
): RunningAgent {
  const ended = Promise.withResolvers<AgentEnd>();
  const finish = (end: Partial<AgentEnd>) =>
    ended.resolve({
      ...{ outcome: 'completed', message: 'It ended.', text: '', session: run.start.session },
      ...end,
    });
  setImmediate(() => {
    if (scripted.commits !== undefined) work.head = scripted.commits.repeat(40);
    if (scripted.uncommitted !== undefined) work.uncommitted = scripted.uncommitted;
    if (scripted.question !== undefined)
      writeFileSync(run.environment['MOSAIC_QUESTION_FILE'] ?? '', scripted.question);
    for (const progress of scripted.progress ?? [])
      run.onProgress({ spent: { tokens: 0 }, turnEnded: false, ...progress });
    scripted.meanwhile?.();
    if (scripted.endless !== true) setImmediate(() => finish(scripted.end ?? {}));
  });
  return {
    say: (text) => run.adapter.can.hearsWhileRunning && said.push(text) > 0,
    closeInput: () => undefined,
    async stop() {
      finish({ outcome: 'killed', message: 'It was stopped.' });
      await ended.promise;
    },
    ended: ended.promise,
  };
}
