import { setTimeout as sleep } from 'node:timers/promises';

import { Agent, request } from 'undici';
import { z } from 'zod';

import { CoordinatorError, TryAgainLater } from '../errors.ts';
import type { IssueRef } from '../issue/ref.ts';
import {
  heartbeatAnswer,
  stateAnswer,
  takeAnswer,
  verificationTokenHeader,
  type Verdict,
  type VerificationJob,
  type VerificationState,
} from '../issue/verification.ts';
import { backoffMs, withJitter, type Backoff } from '../lib/backoff.ts';
import { oneLine, parseJson } from '../lib/text.ts';

/** Longest wait of the service for a job, in seconds. */
const waitSeconds = 50;
/** Timeout of a call beyond its wait. */
const callTimeoutMs = 20_000;
const maxAnswerBytes = 1024 * 1024;
const defaultBackoff: Backoff = { firstMs: 500, factor: 2, maxMs: 30_000 };

export interface ClientOptions {
  /** Address of the service, without a slash at the end. */
  readonly url: string;
  /** A token with the role verifier. */
  readonly token: string;
  readonly random: () => number;
  readonly waitSeconds?: number;
  readonly backoff?: Backoff;
}

/** The lease of a job is no longer ours: somebody else has it, or it has ended. */
export class LeaseLost extends CoordinatorError {
  constructor(message: string) {
    super('lease_lost', message);
    this.name = 'LeaseLost';
  }
}

/** The service refuses a call, and will refuse it again. */
export class CallRefused extends CoordinatorError {
  constructor(message: string) {
    super('call_refused', message);
    this.name = 'CallRefused';
  }
}

/** Calls in which a verdict is sent with the report of the gates, and without it from then on. */
const callsWithReport = 3;
const routes = 'verifications';
const againAnswer = z.object({ verification: z.object({ id: z.string().max(100) }) });

export type Client = ReturnType<typeof createClient>;

/** Calls the service on behalf of a verifier. */
export function createClient({ url, token, random, ...options }: ClientOptions) {
  // Calls to the service alone; none follows a redirect, which could take the token elsewhere.
  const pool = new Agent({ connections: 4 });
  const wait = options.waitSeconds ?? waitSeconds;
  const backoff = options.backoff ?? defaultBackoff;

  async function call<T>(
    path: string,
    {
      schema,
      body,
      job,
      timeoutMs = callTimeoutMs,
      signal,
    }: {
      readonly schema: z.ZodType<T>;
      readonly body?: object;
      readonly job?: VerificationJob;
      readonly timeoutMs?: number;
      readonly signal: AbortSignal;
    },
  ): Promise<T> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    let answer: { readonly status: number; readonly text: string };
    try {
      const reply = await request(`${url}/api/v1/${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(job === undefined ? {} : { [verificationTokenHeader]: job.token }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        dispatcher: pool,
        signal: deadline,
      });
      answer = { status: reply.statusCode, text: await readText(reply.body) };
    } catch (error) {
      signal.throwIfAborted();
      throw new TryAgainLater('service_unreachable', `${url} does not answer`, { cause: error });
    }
    return read(answer, { schema, ofJob: job !== undefined });
  }

  /** Repeats a call until it is answered; waits longer each time. */
  async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TryAgainLater)) throw error;
        await sleep(withJitter(backoffMs(backoff, failures), random), undefined, { signal });
      }
    }
  }

  return {
    /** Where the service forwards git to the repository of a job, and what opens it. */
    gitRemote: (job: VerificationJob) => ({
      url: `${url}/api/v1/verifications/${job.verificationId}/git`,
      headers: { Authorization: `Bearer ${token}`, [verificationTokenHeader]: job.token },
    }),

    /** Waits for a job; undefined when none came. Throws `TryAgainLater` when the service does not answer. */
    async take(signal: AbortSignal): Promise<VerificationJob | undefined> {
      const timeoutMs = wait * 1_000 + callTimeoutMs;
      const { job } = await call(`${routes}/take?wait=${wait}`, {
        schema: takeAnswer,
        timeoutMs,
        signal,
      });
      return job ?? undefined;
    },

    /** Extends the lease of a job once. Throws `LeaseLost` when it is gone. */
    async heartbeat(job: VerificationJob, signal: AbortSignal): Promise<void> {
      await call(`${routes}/${job.verificationId}/heartbeat`, {
        schema: heartbeatAnswer,
        job,
        signal,
      });
    },

    /** Reports the verdict, until the service has it; throws `LeaseLost` when it does not want it. */
    async report(
      job: VerificationJob,
      verdict: Verdict,
      signal: AbortSignal,
    ): Promise<VerificationState> {
      const path = `${routes}/${job.verificationId}/verdict`;
      let calls = 0;
      const { state } = await patiently(signal, () => {
        calls += 1;
        // The service gives a request little time to arrive: on a slow line only what is short does.
        const body = calls > callsWithReport ? { ...verdict, report: null } : verdict;
        return call(path, { schema: stateAnswer, body, job, signal });
      });
      return state;
    },

    /** Puts a job back into the queue, so that nobody waits for its lease to end. One attempt. */
    async giveBack(job: VerificationJob, signal: AbortSignal): Promise<void> {
      const options = { schema: stateAnswer, job, timeoutMs: 2_000, signal };
      await call(`${routes}/${job.verificationId}/give-back`, options);
    },

    /** Asks for the last commit of an issue to be verified once more; resolves to the id. Needs the role operator. */
    async verifyAgain({ repository, number }: IssueRef, signal: AbortSignal): Promise<string> {
      const path = `issues/${repository}/${number}/verify`;
      const { verification } = await call(path, { schema: againAnswer, signal });
      return verification.id;
    },

    close: () => pool.destroy(),
  };
}

function read<T>(
  { status, text }: { readonly status: number; readonly text: string },
  { schema, ofJob }: { readonly schema: z.ZodType<T>; readonly ofJob: boolean },
): T {
  if (status >= 200 && status < 300) {
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new CallRefused(
      'The service answers otherwise than this verifier expects: run both in the same version.',
    );
  }
  const words = `${status}: ${oneLine(text, 300)}`;
  if (status >= 500 || status === 429 || status === 408)
    throw new TryAgainLater('service_unreachable', `The service answers ${words}`);
  if (ofJob && [403, 404, 409].includes(status)) throw new LeaseLost(`The lease is lost, ${words}`);
  throw new CallRefused(`The service refuses the call, ${words}`);
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxAnswerBytes) throw new Error('The answer is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
