import { z } from 'zod';

import { giteaBot, startGitea, type FakeGitea } from '../fake-gitea/gitea.ts';
import type { Verdict } from '../../src/issue/verification.ts';
import { manualClock } from './clock.ts';
import type { ServiceOptions } from './service.ts';
import { startWork } from './work.ts';
import { call, workerTokens, type HeldClaim } from './workers.ts';
import { apiToken } from './service.ts';

export const hash = (digit: string) => digit.repeat(40);
/** The first commit, the head of `main`, and two commits of an agent. */
export const commits = { first: hash('1'), head: hash('2'), work: hash('3'), more: hash('4') };

const verifierToken = 'token-of-the-verifier-1';

const jobSchema = z.looseObject({ verificationId: z.string(), token: z.string() });
const viewSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  cause: z.looseObject({ code: z.string() }).nullable(),
  findings: z.string(),
});
export const verifyingSchema = z.object({
  claimId: z.string(),
  verification: z.object({ id: z.string(), state: z.string() }),
});
interface Options extends ServiceOptions {
  /** It writes labels, statuses and pull requests to Gitea. */
  readonly publishes?: boolean;
}

export function publishing(gitea: FakeGitea) {
  const scopes = ['write:issue', 'write:repository', 'read:user'];
  return { PUBLISH: 'labels', GITEA_TOKEN: gitea.tokenOf(giteaBot, scopes) };
}

/** Fields of a verdict that differ from those of `passed`. */
type VerdictChanges = Partial<Record<keyof Verdict, unknown>>;
type Job = z.infer<typeof jobSchema>;

/** A service with a fake Gitea that has commits, an issue that worker-1 has claimed, and a verifier's token. */
export async function startVerifying({ env, publishes = false, ...options }: Options = {}) {
  const clock = manualClock();
  const gitea = await startGitea({ now: clock.now });
  gitea.repositories.set(2, {
    ...{ name: 'acme/orbit', issues: new Map(), head: commits.head },
    branches: new Map([['agent/one', commits.work]]),
    commits: new Map([
      [commits.first, { files: ['README.md'] }],
      [commits.head, { parents: [commits.first], files: ['src/a.ts'] }],
      [commits.work, { parents: [commits.first], files: ['src/b.ts'] }],
      [commits.more, { parents: [commits.work], files: ['src/c.ts'] }],
    ]),
  });
  const service = await startWork({
    ...{ gitea, clock },
    ...options,
    env: {
      API_TOKENS: `tests:${apiToken},${workerTokens},judge:verifier:${verifierToken}`,
      ...(publishes ? publishing(gitea) : {}),
      ...env,
    },
  });
  gitea.addHook({ url: `${service.url}/webhook/gitea` });
  const assignees = [giteaBot];
  gitea.as('maria').openIssue('acme/orbit', { title: 'One', body: 'Difficulty: low', assignees });
  await gitea.settled();
  await service.idle();
  const mine = await service.held('worker-1');

  /** A call of the verifier. */
  async function judge(
    path: string,
    { body, token = '' }: { body?: unknown; token?: string } = {},
  ) {
    const headers = {
      authorization: `Bearer ${verifierToken}`,
      'content-type': 'application/json',
      'x-verification-token': token,
    };
    return service.api(`/verifications${path}`, {
      ...{ method: 'POST', headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async function take(): Promise<Job | null> {
    const { json } = await judge('/take');
    return z.object({ job: jobSchema.nullable() }).parse(json).job;
  }

  function report({ verificationId, token }: Job, more: VerdictChanges = {}) {
    return judge(`/${verificationId}/verdict`, { token, body: { ...passed, ...more } });
  }

  function complete(held: Pick<HeldClaim, 'claimId' | 'token'>, commit: string, more = {}) {
    return call(service, 'worker-1', { held, what: 'complete', body: { commit, ...more } });
  }

  async function view(id: string) {
    return viewSchema.parse((await service.api(`/verifications/${id}`)).json);
  }

  return { gitea, service, clock, mine, judge, take, report, complete, view };
}

/** A verdict as a verifier sends it. */
export const passed: Verdict = {
  outcome: 'passed',
  cause: { code: 'gates_passed', message: 'All gates passed.' },
  ...{
    base: commits.head,
    tree: hash('a'),
    configHash: 'c0ffee',
    environment: 'mosaic-coordinator 0.1.0',
  },
  gates: [gateOf('build', 'passed'), gateOf('test', 'passed'), gateOf('integrity', 'passed')],
  ...{ findings: '', fingerprint: null, report: { verdict: 'passed' } },
  durations: { fetchMs: 1, mergeMs: 2, gatesMs: 3 },
};

/** A verdict about a red test. */
export const failed: Verdict = {
  ...passed,
  outcome: 'failed',
  cause: { code: 'gates_failed', message: '1 of 3 gates failed: test.' },
  gates: [gateOf('build', 'passed'), gateOf('test', 'failed'), gateOf('integrity', 'passed')],
  ...{ findings: 'test: src/b.ts:1 expected 1 to be 2', fingerprint: 'f1' },
};

function gateOf(gate: string, status: 'passed' | 'failed') {
  return { gate, status, counts: true, message: `${gate} ${status}.`, durationMs: 1, tool: null };
}
