import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { onTestFinished } from 'vitest';
import { z } from 'zod';

const recordedAnswerSchema = z.object({
  request: z.object({ path: z.string() }),
  status: z.number(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.unknown().optional(),
  bodyText: z.string().optional(),
});
export type RecordedAnswer = z.infer<typeof recordedAnswerSchema>;

/** An answer of the REST API as Gitea 1.25.4 gave it. */
export function recordedAnswer(name: string): RecordedAnswer {
  const url = new URL(`../fixtures/api/${name}.json`, import.meta.url);
  return recordedAnswerSchema.parse(JSON.parse(readFileSync(url, 'utf8')));
}

/** Sends a recorded answer, less the headers that belong to its connection. */
export function sendRecorded(answer: RecordedAnswer, response: ServerResponse): void {
  const ofConnection = new Set(['content-length', 'transfer-encoding', 'date']);
  const headers = answer.headers.filter(([name]) => !ofConnection.has(name.toLowerCase()));
  response.writeHead(answer.status, Object.fromEntries(headers));
  response.end(answer.body === undefined ? answer.bodyText : `${JSON.stringify(answer.body)}\n`);
}

/** What Gitea knows of an issue; what is not named stands as in the recorded answer. */
export interface GiteaIssue {
  readonly title?: string;
  readonly body?: string;
  readonly open?: boolean;
  readonly assignees?: readonly string[];
  readonly labels?: readonly string[];
  /** ISO 8601. */
  readonly updatedAt?: string;
  readonly isPull?: boolean;
}

export interface GiteaRepository {
  name: string;
  hidden?: boolean;
  hasIssues?: boolean;
  readonly issues: Map<number, GiteaIssue>;
}

/** Answers in place of Gitea: a proxy's page, an error, nothing at all. */
export type GiteaOutage = (response: ServerResponse) => void;

export const giteaToken = 'token-of-the-bot-0001-very-secret';
export const giteaBot = 'coordinator-bot';

const jsonObject = z.record(z.string(), z.unknown());

/**
 * A small Gitea on loopback with the three kinds of questions the service asks. Tests change
 * `repositories` and `renamed` (old name to id) at any time, and may take it out of order.
 */
export async function startGitea({ basePath = '' } = {}) {
  const repositories = new Map<number, GiteaRepository>();
  const renamed = new Map<string, number>();
  const requests: string[] = [];
  const open = { now: 0, most: 0 };
  const state: { outage: GiteaOutage | undefined } = { outage: undefined };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    open.now += 1;
    open.most = Math.max(open.most, open.now);
    response.once('close', () => {
      open.now -= 1;
    });
    if (state.outage !== undefined) {
      state.outage(response);
      return;
    }
    // Not at once, so that requests which come together are seen together.
    setImmediate(() => answer(request, path, response));
  });
  await listen(0);
  const { port } = z.object({ port: z.number() }).parse(server.address());
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });

  function listen(at: number): Promise<void> {
    return new Promise((resolve) => server.listen(at, '127.0.0.1', () => resolve()));
  }

  function answer(request: IncomingMessage, path: string, response: ServerResponse): void {
    const missing = () => sendRecorded(recordedAnswer('issue-missing'), response);
    if (request.headers.authorization !== `token ${giteaToken}`)
      return sendRecorded(recordedAnswer('user-bad-token'), response);
    if (path === `${basePath}/api/v1/user`) return sendRecorded(recordedAnswer('user'), response);
    const [, own, id] = /^(.*)\/api\/v1\/repositories\/(\d+)$/.exec(path) ?? [];
    if (own === basePath) {
      const repository = repositories.get(Number(id));
      if (repository === undefined || repository.hidden === true) return missing();
      return sendJson(response, repositoryJson(Number(id), repository));
    }
    const [, base, name = '', number] =
      /^(.*)\/api\/v1\/repos\/([^/]+\/[^/]+?)(?:\/issues\/(\d+))?$/.exec(path) ?? [];
    if (base !== basePath) return missing();
    const movedTo = repositories.get(renamed.get(name.toLowerCase()) ?? 0);
    const found = [...repositories].find(
      ([, repository]) => repository.name.toLowerCase() === name.toLowerCase(),
    );
    if (found === undefined && movedTo !== undefined && movedTo.hidden !== true) {
      response.writeHead(301, { location: path.replace(name, movedTo.name) });
      response.end();
      return;
    }
    if (found === undefined || found[1].hidden === true) return missing();
    const [repositoryId, repository] = found;
    if (number === undefined) return sendJson(response, repositoryJson(repositoryId, repository));
    const issue = repository.issues.get(Number(number));
    if (issue === undefined || repository.hasIssues === false) return missing();
    sendJson(response, issueJson({ repositoryId, repository, number: Number(number), issue }));
  }

  return {
    url: `http://127.0.0.1:${port}${basePath}`,
    repositories,
    renamed,
    requests,
    /** Most requests that were open at the same time. */
    mostAtOnce: () => open.most,
    /** From now on everything is answered like this; undefined: in order again. */
    breakWith: (outage: GiteaOutage | undefined) => {
      state.outage = outage;
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

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json;charset=utf-8' });
  response.end(`${JSON.stringify(body)}\n`);
}

function repositoryJson(id: number, { name, hasIssues }: GiteaRepository) {
  const base = jsonObject.parse(recordedAnswer('repo').body);
  return { ...base, id, full_name: name, has_issues: hasIssues ?? true };
}

interface PlacedIssue {
  readonly repositoryId: number;
  readonly repository: GiteaRepository;
  readonly number: number;
  readonly issue: GiteaIssue;
}

function issueJson({ repositoryId, repository, number, issue }: PlacedIssue) {
  const base = jsonObject.parse(
    recordedAnswer(issue.isPull === true ? 'issue-pull' : 'issue').body,
  );
  return {
    ...base,
    number,
    ...(issue.title === undefined ? {} : { title: issue.title }),
    ...(issue.body === undefined ? {} : { body: issue.body }),
    ...(issue.open === undefined ? {} : { state: issue.open ? 'open' : 'closed' }),
    ...(issue.assignees === undefined
      ? {}
      : { assignees: issue.assignees.map((login) => ({ id: 1, login })) }),
    ...(issue.labels === undefined
      ? {}
      : { labels: issue.labels.map((name) => ({ id: 1, name })) }),
    ...(issue.updatedAt === undefined ? {} : { updated_at: issue.updatedAt }),
    repository: { id: repositoryId, full_name: repository.name },
  };
}
