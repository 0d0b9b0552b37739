import { z } from 'zod';

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
import {
  callTimeoutMs,
  createServiceCalls,
  serviceWaitSeconds,
  type ServiceCallsOptions,
} from '../lib/service-calls.ts';

export interface ClientOptions extends ServiceCallsOptions {
  readonly waitSeconds?: number;
}

/** Calls in which a verdict is sent with the report of the gates, and without it from then on. */
const callsWithReport = 3;
const routes = 'verifications';
const againAnswer = z.object({ verification: z.object({ id: z.string().max(100) }) });

export type Client = ReturnType<typeof createClient>;

/** Calls the service on behalf of a verifier, with a token of that role. */
export function createClient({ waitSeconds = serviceWaitSeconds, ...options }: ClientOptions) {
  const { url, token } = options;
  const { call, patiently, close } = createServiceCalls(options);
  /** A call about a job, which its lease allows. */
  const about = ({ token: lease }: VerificationJob, signal: AbortSignal) => ({
    headers: { [verificationTokenHeader]: lease },
    onLease: true,
    signal,
  });

  return {
    /** Where the service forwards git to the repository of a job, and what opens it. */
    gitRemote: (job: VerificationJob) => ({
      url: `${url}/api/v1/verifications/${job.verificationId}/git`,
      headers: { Authorization: `Bearer ${token}`, [verificationTokenHeader]: job.token },
    }),

    /** Waits for a job; undefined when none came. Throws `TryAgainLater` when the service does not answer. */
    async take(signal: AbortSignal): Promise<VerificationJob | undefined> {
      const timeoutMs = waitSeconds * 1_000 + callTimeoutMs;
      const { job } = await call(`${routes}/take?wait=${waitSeconds}`, {
        schema: takeAnswer,
        timeoutMs,
        signal,
      });
      return job ?? undefined;
    },

    /** Extends the lease of a job once. Throws `LeaseLost` when it is gone. */
    async heartbeat(job: VerificationJob, signal: AbortSignal): Promise<void> {
      const options = { schema: heartbeatAnswer, ...about(job, signal) };
      await call(`${routes}/${job.verificationId}/heartbeat`, options);
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
        return call(path, { schema: stateAnswer, body, ...about(job, signal) });
      });
      return state;
    },

    /** Puts a job back into the queue, so that nobody waits for its lease to end. One attempt. */
    async giveBack(job: VerificationJob, signal: AbortSignal): Promise<void> {
      const options = { schema: stateAnswer, timeoutMs: 2_000, ...about(job, signal) };
      await call(`${routes}/${job.verificationId}/give-back`, options);
    },

    /** Asks for the last commit of an issue to be verified once more; resolves to the id. Needs the role operator. */
    async verifyAgain({ repository, number }: IssueRef, signal: AbortSignal): Promise<string> {
      const path = `issues/${repository}/${number}/verify`;
      const { verification } = await call(path, { schema: againAnswer, signal });
      return verification.id;
    },

    close,
  };
}
