import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { goneSignal } from '../http/gone-signal.ts';
import { verdict, verdictBodyLimit } from '../issue/verification.ts';
import { isInScope } from '../plans/scope.ts';
import type { LeaseRefusal, VerifierCall } from '../verification/lease.ts';
import { callerOfRequest } from './auth.ts';
import { errorBody, notFound } from './errors.ts';
import {
  maySee,
  sendDenied,
  tooManyWaiting,
  unknownIssue,
  unknownVerification,
  verificationFor,
  verificationOff,
} from './for-caller.ts';
import { gitHeaders, readHeader, readMediaTypes, verifierHeaders } from './headers.ts';
import { issueParams, refOf } from './issues.ts';
import { noBody, waitQuery, type Api, type ApiDeps } from './route.ts';

const params = z.object({
  id: z.string().max(100).meta({ description: 'The id of the verification.' }),
});
const verdictBody = verdict.meta({
  examples: [
    {
      ...{ outcome: 'passed', cause: { code: 'gates_passed', message: 'All gates passed.' } },
      ...{ base: 'a'.repeat(40), tree: 'b'.repeat(40), configHash: null, environment: 'node 24' },
      ...{ gates: [], findings: '', fingerprint: null, report: null },
      durations: { fetchMs: 900, mergeMs: 100, gatesMs: 41_000 },
    },
  ],
});

/** Shows verifications, lets people ask for one, and hands them to verifiers. */
export function registerVerifications(api: Api, deps: ApiDeps): void {
  registerViews(api, deps);
  registerLeases(api, deps);
  registerGit(api, deps);
}

function registerViews(api: Api, { verifications, verifyAgain, findIssue }: ApiDeps): void {
  api.get(
    '/verifications/:id',
    { schema: { params, querystring: waitQuery } },
    async (request, reply) => {
      const wait = { waitMs: request.query.wait * 1_000, signal: goneSignal(reply) };
      const { id } = request.params;
      const answer = await verificationFor(verifications, callerOfRequest(request), id, wait);
      return 'denied' in answer ? sendDenied(reply, answer) : answer.view;
    },
  );
  api.get('/verifications/:id/report', { schema: { params } }, async (request, reply) => {
    const caller = callerOfRequest(request);
    const signal = goneSignal(reply);
    const view = await verifications?.find(request.params.id, caller.name, { waitMs: 0, signal });
    const isSeen = view !== undefined && view !== 'busy' && maySee(view, caller);
    const report = isSeen ? await verifications?.report(request.params.id) : undefined;
    if (report === undefined) return reply.code(404).send(noReport);
    return reply.type('application/json').send(report);
  });
  api.get(
    '/issues/:owner/:repo/:number/verifications',
    { schema: { params: issueParams } },
    async (request, reply) => {
      const caller = callerOfRequest(request);
      const ref = refOf(request.params);
      const issue = isInScope(caller.repositories, ref.repository)
        ? await findIssue(ref)
        : undefined;
      if (issue === undefined) return reply.code(404).send(unknownIssue);
      const items = (await verifications?.list(issue)) ?? [];
      return { items: items.filter((view) => maySee(view, caller)) };
    },
  );
  api.post(
    '/issues/:owner/:repo/:number/verify',
    { schema: { params: issueParams, body: noBody } },
    async (request, reply) => {
      const ref = refOf(request.params);
      const issue = await findIssue(ref);
      if (issue === undefined) return reply.code(404).send(unknownIssue);
      const asked = await verifyAgain(issue, callerOfRequest(request).name, goneSignal(reply));
      if ('refusal' in asked)
        return reply.code(409).send(errorBody('nothing_to_verify', asked.refusal));
      return reply.code(202).send({ verification: asked });
    },
  );
}

function registerLeases(api: Api, { verifications }: ApiDeps): void {
  api.post(
    '/verifications/take',
    { schema: { querystring: waitQuery, body: noBody } },
    async (request, reply) => {
      const { name, repositories: scope } = callerOfRequest(request);
      if (verifications === undefined) return reply.code(409).send(verificationOff);
      const waitMs = request.query.wait * 1_000;
      const job = await verifications.take({ verifier: name, scope }, waitMs, goneSignal(reply));
      if (job === 'busy') return reply.code(429).send(tooManyWaiting);
      return reply.code(job === undefined ? 200 : 201).send({ job: job ?? null });
    },
  );
  api.post(
    '/verifications/:id/heartbeat',
    { schema: { params, headers: verifierHeaders, body: noBody } },
    async (request, reply) => answer(reply, await verifications?.heartbeat(callOf(request))),
  );
  api.post(
    '/verifications/:id/verdict',
    {
      bodyLimit: verdictBodyLimit,
      schema: { params, headers: verifierHeaders, body: verdictBody },
    },
    async (request, reply) =>
      answer(reply, await verifications?.record(callOf(request), request.body)),
  );
  api.post(
    '/verifications/:id/give-back',
    { schema: { params, headers: verifierHeaders, body: noBody } },
    async (request, reply) => answer(reply, await verifications?.giveBack(callOf(request))),
  );
}

function answer(reply: FastifyReply, result: object | LeaseRefusal | undefined) {
  if (result === undefined) return reply.code(409).send(verificationOff);
  if (!('code' in result) || !('message' in result)) return reply.send(result);
  const { code, message } = result;
  return reply.code(code === 'stale_lease' ? 409 : 403).send(errorBody(code, message));
}

type VerifierRequest = FastifyRequest<{ Params: { id: string } }>;

function callOf(request: VerifierRequest): VerifierCall {
  return {
    id: request.params.id,
    verifier: callerOfRequest(request).name,
    token: readHeader(request, 'X-Verification-Token'),
  };
}

const gitRequestType = 'application/x-git-upload-pack-request';
const gitQuery = z.looseObject({
  service: z
    .string()
    .optional()
    .meta({ description: '`git-upload-pack`: nothing but fetching is possible.' }),
});
/** Largest request of git: the commits that it has, a line each. */
const gitBodyLimit = 8 * 1024 * 1024;

/**
 * Git's own protocol for fetching, passed on to Gitea for the one repository whose commit the caller verifies: so
 * no verifier needs a token of Gitea. Nothing can be pushed here.
 */
function registerGit(api: Api, { verifications, gitFetch }: ApiDeps): void {
  async function fetchFrom(step: 'refs' | 'pack', request: VerifierRequest, reply: FastifyReply) {
    const running = await verifications?.running(callOf(request));
    if (running === undefined || gitFetch === undefined)
      return reply.code(409).send(verificationOff);
    if ('code' in running) return answer(reply, running);
    // Headers of git that Gitea has to know.
    const sent = {
      ...readMediaTypes(request),
      'git-protocol': readHeader(request, 'Git-Protocol'),
      'content-encoding': readHeader(request, 'Content-Encoding'),
    };
    const body = Buffer.isBuffer(request.body) ? request.body : null;
    const found = await gitFetch(
      running.repository_id,
      { step, headers: present(sent), body },
      goneSignal(reply),
    );
    if (found === undefined) return reply.code(404).send(unknownVerification);
    if (found.statusCode === 401) {
      // Git would ask its user for a password.
      found.body.on('error', () => undefined).destroy();
      return reply.code(403).send(gitRefused);
    }
    for (const name of ['content-type', 'content-encoding', 'cache-control']) {
      const value = found.headers[name];
      if (typeof value === 'string') void reply.header(name, value);
    }
    return reply.code(found.statusCode).send(found.body);
  }

  void api.register((git, _options, done) => {
    git.addContentTypeParser(
      gitRequestType,
      { parseAs: 'buffer', bodyLimit: gitBodyLimit },
      (_request, body, parsed) => {
        parsed(null, body);
      },
    );
    git.get<{ Params: { id: string }; Querystring: { service?: string } }>(
      '/verifications/:id/git/info/refs',
      { schema: { params, headers: gitHeaders, querystring: gitQuery } },
      async (request, reply) =>
        request.query.service === 'git-upload-pack'
          ? fetchFrom('refs', request, reply)
          : reply.code(403).send(onlyFetch),
    );
    git.post<{ Params: { id: string } }>(
      '/verifications/:id/git/git-upload-pack',
      { schema: { params, headers: gitHeaders, body: z.unknown(), consumes: [gitRequestType] } },
      (request, reply) => fetchFrom('pack', request, reply),
    );
    done();
  });
}

function present(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

const noReport = notFound('The report of that verification is not kept: only the newest ones are.');
const gitRefused = errorBody(
  'git_refused',
  'Gitea does not let the bot read the code: its token needs read:repository, and its user read access.',
);
const onlyFetch = errorBody('forbidden', 'Only fetching is possible here.');
