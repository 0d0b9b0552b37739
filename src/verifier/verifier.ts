import { setTimeout as sleep } from 'node:timers/promises';

import { describeError, TryAgainLater } from '../errors.ts';
import type { Verdict, VerificationJob } from '../issue/verification.ts';
import { backoffMs, withJitter, type Backoff } from '../lib/backoff.ts';
import { CallRefused, LeaseLost } from '../lib/service-calls.ts';
import type { Logger } from '../log.ts';
import type { Client } from './client.ts';

/** Interval of heartbeats: a quarter of the lease. */
const defaultHeartbeatMs = 15_000;
const defaultBackoff: Backoff = { firstMs: 1_000, factor: 2, maxMs: 60_000 };
/** Time for giving a job back at the end. */
const giveBackMs = 2_000;

export interface VerifierOptions {
  readonly client: Client;
  /** Verifies one job; rejects only when the signal aborts. */
  readonly verify: (job: VerificationJob, signal: AbortSignal) => Promise<Verdict>;
  readonly log: Logger;
  readonly random: () => number;
  readonly heartbeatMs?: number;
  readonly backoff?: Backoff;
}

/** Takes jobs one after another until the signal aborts. While the service is away, it waits and asks again. */
export async function runVerifier(options: VerifierOptions, signal: AbortSignal): Promise<void> {
  const { log, random, backoff = defaultBackoff } = options;
  let failures = 0;
  const stopped = () => signal.aborted;
  while (!stopped()) {
    try {
      await verifyNext(options, signal);
      failures = 0;
    } catch (error) {
      if (stopped()) return;
      if (!(error instanceof TryAgainLater) && !(error instanceof CallRefused)) throw error;
      failures += 1;
      const delayMs = withJitter(backoffMs(backoff, failures), random);
      log.warn({ err: error, retryInMs: delayMs }, 'no job was taken');
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Takes one job and reports its verdict; false when none was queued. Rejects when the service cannot be asked. */
export async function verifyNext(options: VerifierOptions, signal: AbortSignal): Promise<boolean> {
  const job = await options.client.take(signal);
  if (job === undefined) return false;
  await verifyJob(job, options, signal);
  return true;
}

async function verifyJob(
  job: VerificationJob,
  options: VerifierOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, verify } = options;
  const { verificationId: verification, issue, commit, attempt } = job;
  const log = options.log.child({ verification, issue, commit });
  log.info({ attempt }, 'verifying');
  using lease = holdLease(job, options, signal);
  const started = performance.now();
  try {
    const verdict = await verify(job, lease.signal);
    const state = await client.report(job, verdict, lease.signal);
    const durationMs = Math.round(performance.now() - started);
    const { code, message } = verdict.cause;
    log.info({ state, code, detail: message, durationMs }, 'verified');
  } catch (error) {
    if (signal.aborted) await giveBack(job, client, log);
    else if (error instanceof LeaseLost || lease.signal.aborted)
      log.warn({ err: error }, 'the lease was lost, the verdict is dropped');
    // The job comes back when its lease ends.
    else log.error({ err: error }, 'the verdict could not be reported');
  }
}

/** Sends heartbeats until disposed of; the signal aborts when the lease is lost, or with `stop`. */
function holdLease(
  job: VerificationJob,
  { client, log, heartbeatMs = defaultHeartbeatMs }: VerifierOptions,
  stop: AbortSignal,
) {
  const ended = new AbortController();
  const lost = new AbortController();
  const calls = AbortSignal.any([stop, ended.signal]);
  const beat = async () => {
    try {
      await client.heartbeat(job, calls);
    } catch (error) {
      if (calls.aborted) return;
      if (error instanceof LeaseLost) lost.abort(error);
      // The service is away: the lease may outlast that, and its answer to the verdict will tell.
      else log.warn({ cause: describeError(error) }, 'no answer to a heartbeat');
    }
  };
  const timer = setInterval(() => void beat(), heartbeatMs);
  return {
    signal: AbortSignal.any([stop, lost.signal]),
    [Symbol.dispose]() {
      clearInterval(timer);
      ended.abort();
    },
  };
}

async function giveBack(job: VerificationJob, client: Client, log: Logger): Promise<void> {
  try {
    await client.giveBack(job, AbortSignal.timeout(giveBackMs));
    log.info('stopped, the job was given back');
  } catch (error) {
    log.warn({ cause: describeError(error) }, 'stopped, the job waits for its lease to end');
  }
}
