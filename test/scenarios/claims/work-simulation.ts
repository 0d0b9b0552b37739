import { storeUpdate } from '../../../src/handling/commit-update.ts';
import { builtInAgents } from '../../../src/planning/built-in-agents.ts';
import { createLogger } from '../../../src/log.ts';
import { audit } from '../../../src/claims/audit.ts';
import { createDatabase } from '../../../src/db/database.ts';
import { migrate } from '../../../src/db/migrations.ts';
import { isPostgres } from '../../../src/db/portable.ts';
import { createDecisions } from '../../../src/db/postgres/decisions.ts';
import { createWriteQueue } from '../../../src/db/write-queue.ts';
import type { ClaimEndResult } from '../../../src/claims/claim-end.ts';
import type { ClaimEnd } from '../../../src/claims/claim.ts';
import { createClaims } from '../../../src/claims/claims.ts';
import type { ClaimResult } from '../../../src/claims/hand-out/hand-out.ts';
import type { ClaimWrites } from '../../../src/claims/state.ts';
import { createPauses } from '../../../src/claims/pauses.ts';
import { createSweeper } from '../../../src/claims/sweeper.ts';
import { createLongPolls } from '../../../src/claims/hand-out/long-poll.ts';
import { agentOf, modelAgents, WorkModel, type ModelClaim } from './work-model.ts';
import type { Action, Fate } from './work-actions.ts';
import { repository, updateOf } from './work-update.ts';

const leaseMs = 60_000;

/** The clock is set forward and back, past a lease and not. */
const clockSteps = [-30_000, -2_000, 1_000, 5_000, 20_000, 59_000, 61_000];

class Crash extends Error {}

export interface SimulationOptions {
  /** Where the database is: the path of a file, or a URL. */
  readonly location: string;
  readonly issues: number;
  readonly workers: number;
  readonly concurrency: number;
  /** Everything is audited after so many actions, and at the end. */
  readonly auditEvery: number;
}

/**
 * Runs the claims, the sweeper and the store on a real database against a model that says what each call
 * must be answered and what must be stored. Throws at the first difference.
 */
export async function simulate(actions: Iterable<Action>, options: SimulationOptions) {
  const profiles = builtInAgents
    .filter(({ name }) => modelAgents.some((agent) => agent === name))
    .map((profile) => ({ ...profile, concurrency: options.concurrency }));
  const model = new WorkModel(options.issues, options.concurrency);
  const log = createLogger('error', { write: () => undefined });
  const signal = new AbortController().signal;
  const counts = { actions: 0, claims: 0, crashes: 0, refused: 0, audits: 0 };
  let clock = Date.parse('2026-11-23T12:00:00Z');
  let snapshotAt = clock;
  let key = 0;
  let crash: Fate = 'fine';
  let service = await open();

  async function open() {
    const db = createDatabase(options.location);
    await migrate(db);
    const queue = isPostgres(db) ? createDecisions(db) : createWriteQueue(db);
    const writes: ClaimWrites['writes'] = {
      transaction: async (work) => {
        const result = await queue.transaction(async (transaction) => {
          const written = await work(transaction);
          if (crash === 'crash-before') throw new Crash();
          return written;
        });
        if (crash === 'crash-after') throw new Crash();
        return result;
      },
    };
    const longPolls = createLongPolls();
    const settleClock = () => Promise.resolve();
    const wakePublisher = () => undefined;
    const common = { db, writes, wakePublisher, settleClock, now: () => clock, log, longPolls };
    const claims = createClaims({
      ...common,
      giteaUrl: 'https://git.example.test',
      profiles,
      hasReplicas: false,
      secrets: { current: 'secret-of-the-simulation' },
      leaseMs,
      thresholds: { compactAt: 0.8, rotateAt: 0.95 },
      isStillReady: undefined,
      checkCommit: undefined,
      requestVerification: undefined,
    });
    const sweeper = createSweeper({ ...common, onSwept: () => undefined });
    await sweeper.sweep();
    return { db, claims, sweeper, pauses: createPauses(common), longPolls: common.longPolls };
  }

  /** The process is gone: whatever it had in memory is, too. */
  async function restart(): Promise<void> {
    service.longPolls.close();
    await service.db.destroy();
    service = await open();
    model.sweep(clock);
  }

  /** Makes a call as its fate will have it, and gives the answer that its caller ends up with. */
  async function make<T>(fate: Fate, call: () => Promise<T>): Promise<T> {
    if (fate === 'doubled') {
      const [first, second] = await Promise.all([call(), call()]);
      same(second, first, 'two calls at once');
      return first;
    }
    if (fate === 'lost') {
      const first = await call();
      const second = await call();
      same(second, first, 'a call and its retry');
      return second;
    }
    crash = fate;
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      counts.crashes += 1;
      crash = 'fine';
      await restart();
      return await call();
    } finally {
      crash = 'fine';
    }
  }

  async function claim({ worker, fate }: Action): Promise<void> {
    key += 1;
    const request = { worker: nameOf(worker), idempotencyKey: `key-${key}` };
    const answer = await make(fate, () => service.claims.claim(request, 0, signal));
    grant(answer, request.worker);
  }

  function grant(answer: ClaimResult, worker: string): void {
    if (answer.kind !== 'claimed') {
      const code = answer.kind === 'refused' ? answer.refusal.code : answer.kind;
      const isRefused = model.isRefused(worker, clock);
      same(code, isRefused ? 'too_many_failures' : 'nothing', 'the answer to a claim');
      same(!isRefused && model.hasWork(worker, clock), false, 'work that nobody was given');
      return;
    }
    const { claimId, token, plan, agent } = answer.claim;
    same(model.isRefused(worker, clock), false, 'the setbacks of who was given work');
    same(model.hasWork(worker, clock), true, 'work that was given');
    same(model.stateOf(plan.number, model.held()), 'ready', `the state of ${plan.ref}`);
    same(agent, agentOf(plan.number), `the agent of ${plan.ref}`);
    const expiresAt = clock + leaseMs;
    const { number } = plan;
    model.claims.set(claimId, { worker, token, number, agent, expiresAt, status: 'live' });
    counts.claims += 1;
  }

  /** Mostly a live claim; one of the last that ended makes a late call. */
  function pickClaim({ pick }: Action): [string, ModelClaim] | undefined {
    const live = model.live();
    const recent = [...model.claims].slice(-options.workers);
    const among = pick % 4 === 0 || live.length === 0 ? recent : live;
    return among[pick % Math.max(among.length, 1)];
  }

  /** Undefined: the call must be let through. */
  function refusalOf({ status, expiresAt }: ModelClaim): string | undefined {
    if (status === 'withdrawn') return 'withdrawn';
    return status === 'ended' || expiresAt <= clock ? 'stale_lease' : undefined;
  }

  async function heartbeat(action: Action): Promise<void> {
    const picked = pickClaim(action);
    if (picked === undefined) return;
    const [claimId, claim] = picked;
    const call = { claimId, worker: claim.worker, token: claim.token };
    const answer = await make(action.fate, () =>
      service.claims.heartbeat(call, { usage: { used: 1_000 }, spent: undefined }),
    );
    const code = answer.kind === 'refused' ? answer.refusal.code : undefined;
    same(code, refusalOf(claim), 'the answer to a heartbeat');
    if (code === undefined) claim.expiresAt = clock + leaseMs;
    else counts.refused += 1;
  }

  async function end(action: Action): Promise<void> {
    const picked = pickClaim(action);
    const requested = endOf(action);
    if (picked === undefined || requested === undefined) return;
    const [claimId, claim] = picked;
    // Every other caller sends no key: these calls are safe to repeat by themselves.
    key += 1;
    const idempotencyKey = action.pick % 2 === 0 ? `key-${key}` : undefined;
    const call = { claimId, worker: claim.worker, token: claim.token, idempotencyKey };
    const answer: ClaimEndResult = await make(action.fate, () =>
      service.claims.end(call, requested, signal),
    );
    if (answer.kind === 'refused') {
      same(answer.refusal.code, refusalOf(claim), `the answer to ${requested.kind}`);
      counts.refused += 1;
      return;
    }
    same(refusalOf(claim), undefined, `the answer to ${requested.kind}`);
    claim.status = 'ended';
    const issue = model.issue(claim.number);
    if (requested.kind === 'block') {
      model.setBack(claim, clock, 'block_or_limit');
      issue.parked = 'worker_blocked';
    } else if (requested.kind === 'complete') issue.parked = 'awaiting_verification';
    else if (requested.limitedUntil !== undefined) {
      model.limit(requested.limitedUntil);
      model.setBack(claim, clock, 'block_or_limit');
    } else if (requested.handoff === undefined) model.fail(claim, clock);
    else model.handOver(claim, clock);
  }

  /** A reason of its own, since the same call again would be the same call. */
  function endOf({ kind }: Action): ClaimEnd | undefined {
    const reason = `Because of ${counts.actions}.`;
    if (kind === 'release') return { kind, reason };
    if (kind === 'handoff') return { kind: 'release', reason, handoff: { position: reason } };
    if (kind === 'limit') return { kind: 'release', reason, limitedUntil: clock + 5_000 };
    if (kind === 'block') return { kind, reason };
    if (kind === 'complete') return { kind, commit: counts.actions.toString(16).padStart(40, '0') };
    return undefined;
  }

  async function tell(
    number: number,
    change: { readonly open?: boolean; readonly assigned?: boolean },
  ): Promise<void> {
    model.tell(number, change);
    snapshotAt += 1_000;
    const update = updateOf(number, model.issue(number), snapshotAt);
    await service.db
      .transaction()
      .execute((transaction) => storeUpdate(transaction, update, clock));
  }

  function step(action: Action): Promise<unknown> {
    const number = 1 + (action.pick % options.issues);
    switch (action.kind) {
      case 'claim':
        return claim(action);
      case 'heartbeat':
        return heartbeat(action);
      case 'release':
      case 'handoff':
      case 'limit':
      case 'block':
      case 'complete':
        return end(action);
      case 'close':
        return tell(number, { open: false });
      case 'reopen':
        return tell(number, { open: true });
      case 'unassign':
        return tell(number, { assigned: false });
      case 'assign':
        return tell(number, { assigned: true });
      case 'edit':
        return tell(number, {});
      case 'clock':
        clock += clockSteps[action.pick % clockSteps.length] ?? 0;
        return Promise.resolve();
      case 'sweep':
        return make(action.fate, () => service.sweeper.sweep()).then(() => model.sweep(clock));
      case 'restart':
        return restart();
      case 'resume':
        model.resume(number);
        return service.pauses.resumeIssue({ repository, number }, 'person');
      case 'pause':
        model.paused = true;
        return service.pauses.pause({ by: 'person' });
      case 'unpause':
        model.paused = false;
        return service.pauses.resume(null, 'person');
    }
  }

  /** The live claims are exactly those of the model: none twice, no slot held for nothing. */
  async function compareClaims(): Promise<void> {
    const rows = await service.db
      .selectFrom('claims')
      .select(['id', 'expires_at'])
      .where('ended_at', 'is', null)
      .execute();
    const stored = rows.map(({ id, expires_at }) => `${id} ${expires_at}`).sort();
    const expected = model.live().map(([id, { expiresAt }]) => `${id} ${expiresAt}`);
    same(stored.join('\n'), expected.sort().join('\n'), 'the live claims');
  }

  async function compareAll(): Promise<void> {
    counts.audits += 1;
    const rows = await service.db.selectFrom('issues').select(['number', 'state']).execute();
    same(rows.length, options.issues, 'the number of issues');
    const held = model.held();
    for (const { number, state } of rows)
      same(state, model.stateOf(number, held), `the state of issue ${number}`);
    await service.sweeper.sweep();
    model.sweep(clock);
    same(JSON.stringify(await audit(service.db, clock, 5)), '[]', 'the audit');
  }

  try {
    await service.db.transaction().execute(async (transaction) => {
      for (const [number, issue] of model.issues)
        await storeUpdate(transaction, updateOf(number, issue, snapshotAt), clock);
    });
    for (const action of actions) {
      counts.actions += 1;
      await step(action);
      await compareClaims();
      if (counts.actions % options.auditEvery === 0) await compareAll();
    }
    await compareAll();
    return counts;
  } finally {
    service.longPolls.close();
    await service.db.destroy();
  }

  function nameOf(worker: number): string {
    return `worker-${worker % options.workers}`;
  }
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: ${left}, should be ${right}`);
}
