import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';

import { recordedSecret } from '../support/recordings.ts';
import { backend } from '../support/git-backend.ts';
import { historyOf } from '../support/git-commits.ts';
import { createDoer, idOf, placeOf } from './doers.ts';
import { recordedAnswer, sendRecorded } from './recorded.ts';
import type { Answer, Token } from './routes/route.ts';
import { answerCall } from './routes/routes.ts';
import { issueEvents, pullEvents, statusEvent, type GiteaHook } from './webhooks.ts';
import { labelsOf } from './world/label-rows.ts';
import { commentsOf, createWorld, getIssue, renameRepository } from './world/state.ts';
import { giteaBot } from './world/types.ts';

export { giteaBot, type GiteaIssue } from './world/types.ts';

/** Answers in place of Gitea: a proxy's page, an error, nothing at all. */
export type GiteaOutage = (response: ServerResponse) => void;

export const giteaToken = 'token-of-the-bot-0001-very-secret';

export interface GiteaOptions {
  readonly basePath?: string;
  /** Gitea's clock; the real one by default. */
  readonly now?: () => number;
  /** Maximum number of rows on a page. */
  readonly maxRows?: number;
}

/** A call that was to change something, and what came of it. */
export interface Written {
  readonly by: string;
  readonly method: string;
  /** Below the API's root. */
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
}

type Matches = (method: string, path: string) => boolean;

export type FakeGitea = Awaited<ReturnType<typeof startGitea>>;

/**
 * A small Gitea on loopback that behaves as 1.25.4 does, odd answers included, and sends webhooks. Tests
 * change `repositories` and `renamed` (old name to id) at any time without a word to anybody, act `as`
 * somebody, which sends webhooks, and may take it out of order. A request to a route that it does not have fails
 * the test; who asks for one on purpose empties `unknownRequests`.
 */
export async function startGitea({
  basePath = '',
  now = Date.now,
  maxRows = 50,
}: GiteaOptions = {}) {
  const world = createWorld(now);
  const { webhooks } = world;
  const tokens = new Map<string, Token>([
    [giteaToken, { login: giteaBot, scopes: ['write:issue', 'read:repository', 'read:user'] }],
  ]);
  const requests: string[] = [];
  const unknownRequests: string[] = [];
  const writes: Written[] = [];
  const open = { now: 0, most: 0 };
  let outage: GiteaOutage | undefined;
  let isBroken: Matches = () => true;
  let isLost: Matches = () => false;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    response.setHeader('date', new Date(now()).toUTCString());
    requests.push(path);
    open.now += 1;
    open.most = Math.max(open.most, open.now);
    response.once('close', () => {
      open.now -= 1;
    });
    if (outage !== undefined && isBroken(request.method ?? '', path)) {
      outage(response);
      return;
    }
    const repository = /^\/([^/]+\/[^/]+)\.git\/[^?]+/.exec(path.slice(basePath.length));
    void (repository === null
      ? answer(request, path, response)
      : serveGit(repository[1] ?? '', request, response));
  });
  await listen(0);
  const { port } = z.object({ port: z.number() }).parse(server.address());
  onTestFinished(({ task }) => {
    server.closeAllConnections();
    server.close();
    if (task.result?.state === 'fail') return;
    expect(unknownRequests, 'requests to routes that the fake does not have').toEqual([]);
  });

  function listen(at: number): Promise<void> {
    return new Promise((resolve) => server.listen(at, '127.0.0.1', () => resolve()));
  }

  /** Git over HTTP, for a repository that has a bare one; a token is the name of a user. */
  async function serveGit(
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const given = request.headers.authorization?.replace(/^Basic /, '') ?? '';
    const login = Buffer.from(given, 'base64').toString('utf8');
    // The tokens of this fake have colons in them.
    const token = login.slice(0, login.lastIndexOf(':'));
    const repository = [...world.repositories.values()].find((each) => each.name === name);
    const user = tokens.get(token)?.login;
    if (repository?.bare === undefined || user === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="Gitea"' }).end();
      return;
    }
    const { bare } = repository;
    const { pathname, search } = new URL(request.url ?? '', 'http://x');
    const path = pathname.slice(pathname.indexOf('.git/') + '.git'.length);
    const lost = () => {
      // What was pushed is there, whoever hears of it.
      if (path === '/git-receive-pack') Object.assign(repository, historyOf(bare));
      return isLost(request.method ?? '', pathname);
    };
    await backend(bare, { path, search, user, isLost: lost }, request, response);
  }

  async function answer(
    request: IncomingMessage,
    url: string,
    response: ServerResponse,
  ): Promise<void> {
    const text = await readText(request);
    // Not at once, so that requests which come together are seen together.
    await new Promise((resolve) => setImmediate(resolve));
    const { method = 'GET' } = request;
    const root = `${basePath}/api/v1`;
    const token = tokens.get(request.headers.authorization?.replace(/^token /, '') ?? '');
    if (
      token === undefined &&
      request.headers.authorization === undefined &&
      url === `${root}/version`
    ) {
      send(response, { status: 200, body: { version: '1.25.4' } }, basePath);
      return;
    }
    if (token === undefined) {
      sendRecorded(recordedAnswer('user-bad-token'), response);
      return;
    }
    if (!url.startsWith(`${root}/`)) {
      unknownRequests.push(`${method} ${url}`);
      sendRecorded(recordedAnswer('issue-missing'), response);
      return;
    }
    const { pathname: path, searchParams: query } = new URL(url.slice(root.length), 'http://x');
    const known = answerCall({ world, maxRows, method, path, query, body: parseBody(text), token });
    if (known === undefined) unknownRequests.push(`${method} ${path}`);
    const reply = known ?? { status: 404, headers: { 'content-type': 'text/plain' } };
    if (method !== 'GET')
      writes.push({ by: token.login, method, path, body: parseBody(text), status: reply.status });
    if (isLost(method, path)) response.destroy();
    else send(response, reply, basePath);
  }

  /** A hook for an organisation, `acme` unless one or a repository is named. */
  function addHook({
    repository,
    organization = 'acme',
    ...hook
  }: Partial<Omit<GiteaHook, 'id' | 'owner'>> & {
    readonly url: string;
    readonly repository?: string;
    readonly organization?: string;
  }): GiteaHook {
    const owner =
      repository === undefined ? { organization } : { repositoryId: idOf(world, repository) };
    const usual = {
      type: 'gitea',
      active: true,
      events: [...issueEvents, ...pullEvents, statusEvent],
      contentType: 'json',
    };
    return webhooks.add({ ...usual, secret: recordedSecret, ...hook, owner });
  }

  /** A token of anybody, with all scopes unless named. */
  function tokenOf(login: string, scopes: readonly string[] = ['all']): string {
    const token = `token-of-${login}-with-${scopes.join('-')}`;
    tokens.set(token, { login, scopes });
    return token;
  }

  /** The bot's account gets another login, without a webhook; token and assignments stay. */
  function renameBot(to: string): void {
    for (const [token, { login, scopes }] of tokens)
      if (login === giteaBot) tokens.set(token, { login: to, scopes });
    const named = (login: string) => (login === giteaBot ? to : login);
    for (const { issues } of world.repositories.values())
      for (const [number, issue] of issues)
        issues.set(number, { ...issue, assignees: (issue.assignees ?? []).map(named) });
  }

  return {
    url: `http://127.0.0.1:${port}${basePath}`,
    repositories: world.repositories,
    renamed: world.renamed,
    requests,
    /** Requests to routes that the fake does not have. */
    unknownRequests,
    writes,
    as: (login: string) => createDoer(world, login),
    addHook,
    hooks: webhooks.hooks,
    /** Every delivery that was tried, in order. */
    delivered: webhooks.delivered,
    /** Resolves when all webhooks of what has happened are out. */
    settled: webhooks.settled,
    /** Muted, no webhook is sent for what happens, not even later. */
    mute: webhooks.mute,
    tokenOf,
    renameBot,
    /** Renames or transfers a repository, without a webhook; the old name leads to it. */
    rename: (name: string, to: string) => renameRepository(world, idOf(world, name), to),
    commentsOf: (ref: string) => commentsOf(world, placeOf(world, ref)),
    labelsOf: (ref: string) => labelsOf(world, placeOf(world, ref)).map(({ name }) => name),
    issueOf: (ref: string) => getIssue(world, placeOf(world, ref)),
    /** Most requests that were open at the same time. */
    mostAtOnce: () => open.most,
    /** From now on everything, or what matches, is answered like this; undefined: in order again. */
    breakWith: (broken: GiteaOutage | undefined, matches: Matches = () => true) => {
      outage = broken;
      isBroken = matches;
    },
    /** From now on what matches is done, but its answer gets lost; undefined: nothing does. */
    loseAnswers: (matches: Matches = () => false) => {
      isLost = matches;
    },
    /** Nobody listens any more. */
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    restart: () => listen(port),
  };
}

/** An outage with this status. */
export function failing(status: number, headers: Record<string, string> = {}): GiteaOutage {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end('{"message":""}');
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  const body: AsyncIterable<Uint8Array> = request;
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch {
    // The caller is gone; what it sent so far is no request.
    return '';
  }
  return Buffer.concat(chunks).toString();
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, { status, headers, body }: Answer, basePath: string): void {
  const location = headers?.['location'];
  response.writeHead(status, {
    ...(body === undefined ? {} : { 'content-type': 'application/json;charset=utf-8' }),
    ...headers,
    ...(location === undefined ? {} : { location: `${basePath}${location}` }),
  });
  response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`);
}
