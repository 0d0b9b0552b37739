import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { z } from 'zod';

import {
  verdict as verdictSchema,
  verificationTokenHeader,
  type Verdict,
  type VerificationJob,
} from '../../../src/issue/verification.ts';
import { backend } from '../../support/git-backend.ts';

export const serviceToken = 'token-of-the-verifier-0001';

/** A call that the service got, with what authorised it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

export type FakeService = Awaited<ReturnType<typeof startService>>;

/**
 * A small service on loopback: the routes of a verifier, with one queue and real leases by token, and git's own
 * program for HTTP below `/git`.
 */
export async function startService(bare: string) {
  const queue: VerificationJob[] = [];
  const leases = new Map<string, string>();
  const verdicts = new Map<string, Verdict>();
  const calls: Call[] = [];
  const watchers = new Set<() => void>();
  /** Answers with this status in place of work, while set. */
  const trouble: { status?: number } = {};

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const url = `http://127.0.0.1:${port}`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers, url: target = '' } = request;
    const { pathname, search } = new URL(target, url);
    calls.push({ method, path: pathname, authorization: headers.authorization });
    notify();
    const [id = '', action = '', ...rest] = pathname
      .replace('/api/v1/verifications/', '')
      .split('/');
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (headers.authorization !== `Bearer ${serviceToken}`) send(401, {});
    else if (trouble.status !== undefined) send(trouble.status, { error: 'trouble' });
    else if (id === 'take') {
      const job = queue.shift();
      if (job !== undefined) leases.set(job.verificationId, job.token);
      send(200, { job: job ?? null });
    } else if (leases.get(id) !== headers[verificationTokenHeader]) send(409, { error: 'stale' });
    else if (action === 'git')
      await backend(bare, { path: `/${rest.join('/')}`, search }, request, response);
    else if (action === 'heartbeat') send(200, { leaseExpiresAt: new Date().toISOString() });
    else send(200, { state: end(id, action, await textOf(request)) });
    notify();
  }

  function end(id: string, action: string, text: string): string {
    leases.delete(id);
    if (action === 'give-back') return 'queued';
    const verdict = verdictSchema.parse(JSON.parse(text));
    verdicts.set(id, verdict);
    return verdict.outcome;
  }

  function notify(): void {
    for (const watcher of [...watchers]) watcher();
  }

  return {
    url,
    calls,
    verdicts,
    trouble,
    /** Puts a commit into the queue; returns the job. */
    enqueue(job: Partial<VerificationJob> & Pick<VerificationJob, 'commit'>): VerificationJob {
      const whole = { ...jobWith(job), ...job };
      queue.push(whole);
      return whole;
    },
    queued: () => queue.length,
    /** Takes the lease of a job away. */
    takeAway: (job: VerificationJob) => leases.delete(job.verificationId),
    /** Resolves when this holds, looked at after each call. */
    async until(holds: () => boolean): Promise<void> {
      if (holds()) return;
      await new Promise<void>((resolve) => {
        const watcher = () => {
          if (!holds()) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
      });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A job for a commit, with defaults for the rest. */
function jobWith({ commit }: Pick<VerificationJob, 'commit'>): VerificationJob {
  return {
    verificationId: randomUUID(),
    token: randomUUID(),
    leaseExpiresAt: new Date().toISOString(),
    issue: 'acme/tiny#1',
    repository: 'acme/tiny',
    repositoryId: 1,
    commit,
    branch: null,
    baseBranch: 'main',
    attempt: 1,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(z.instanceof(Buffer).parse(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
