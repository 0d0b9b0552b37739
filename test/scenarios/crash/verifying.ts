import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { onTestFinished } from 'vitest';
import { z } from 'zod';

import type { Environment } from '../../../src/config.ts';
import { builtInAgents } from '../../../src/planning/built-in-agents.ts';
import { giteaBot, startGitea, type GiteaIssue } from '../../fake-gitea/gitea.ts';
import { freePort } from '../../live/support/free-port.ts';
import { commitsOf } from '../../support/git-commits.ts';
import { mainArguments, startChild, startServiceProcess } from '../../support/process.ts';
import { apiToken, temporaryDirectory } from '../../support/service.ts';
import { tokenOf, workerTokens } from '../../support/workers.ts';
import { createRepository } from '../../verifier/support/repository.ts';

const verifierToken = 'token-of-the-verifier-1';
const scopes = ['write:issue', 'write:repository', 'read:user'];
const claimSchema = z.object({ claim: z.object({ claimId: z.string(), token: z.string() }) });
const verificationSchema = z.object({ id: z.string(), state: z.string(), commit: z.string() });
const listSchema = z.object({ items: z.array(verificationSchema) });
const planSchema = z.object({ state: z.string(), reason: z.object({ text: z.string() }) });

/** The service and verifiers as processes of their own, a fake Gitea with real git, and gates that tell when they run. */
export async function startVerifyingProcesses() {
  const gate = await startGate();
  const repository = createRepository({
    'package.json': '{ "name": "tiny", "type": "module", "private": true }\n',
    'src/add.js': 'export const add = (a, b) => a + b;\n',
    'gate.js': `await fetch(${JSON.stringify(gate.url)});\n`,
    '.mosaic/gates.json': JSON.stringify({
      gates: { unit: { command: 'node gate.js', timeoutSeconds: 120 } },
    }),
  });
  onTestFinished(() => repository[Symbol.dispose]());
  const gitea = await startGitea();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  gitea.addHook({ url: `${url}/webhook/gitea` });
  const directory = temporaryDirectory();
  // Ten issues can be held at once.
  const agents = builtInAgents.map((agent) => ({ ...agent, concurrency: 20 }));
  writeFileSync(`${directory}/agents.json`, JSON.stringify({ agents }));
  const environment = {
    ...{ GITEA_URL: gitea.url, GITEA_TOKEN: gitea.tokenOf(giteaBot, scopes), PUBLISH: 'labels' },
    ...{ PORT: String(port), VERIFIERS: '0', AGENTS_FILE: `${directory}/agents.json` },
    ...{ RECONCILE_INTERVAL_SECONDS: '10' },
    API_TOKENS: `tests:${apiToken},${workerTokens},judge:verifier:${verifierToken}`,
  };
  const startService = () => startServiceProcess(directory, environment);
  const startVerifier = () =>
    startChild({
      args: [...mainArguments, 'verify', '--sandbox', 'none', '--directory', `${directory}/work`],
      environment: { COORDINATOR_URL: url, COORDINATOR_TOKEN: verifierToken },
      directory,
    });

  /** A runner with its own token, whose agent is this command, or Claude Code; `maria` pushes for it. */
  const startRunner = (worker: string, command: readonly string[], more: Environment = {}) =>
    startChild({
      args: [
        ...[...mainArguments, 'work', '--sandbox', 'none'],
        ...['--directory', `${directory}/runner`],
        ...(command.length === 0 ? [] : ['--', ...command]),
      ],
      environment: {
        ...{ HOME: directory, COORDINATOR_URL: url, COORDINATOR_TOKEN: tokenOf(worker) },
        ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'credential.helper' },
        GIT_CONFIG_VALUE_0: `!f() { echo username='${gitea.tokenOf('maria', ['write:repository'])}'; echo password=x; }; f`,
        ...more,
      },
      directory,
    });

  /** Shows the commits that were pushed to the fake Gitea. */
  function publish(branches: Readonly<Record<string, string>>): void {
    gitea.repositories.set(2, {
      ...{ name: 'acme/orbit', head: repository.first, bare: repository.bare },
      issues: gitea.repositories.get(2)?.issues ?? new Map<number, GiteaIssue>(),
      ...{ commits: commitsOf(repository.bare), branches: new Map(Object.entries(branches)) },
    });
  }

  function openIssue(title: string, body = 'Difficulty: low'): number {
    const issue = { title, body, assignees: [giteaBot] };
    return gitea.as('maria').openIssue('acme/orbit', issue);
  }

  /** A call of the API, made again until the service answers. */
  async function call(path: string, body?: unknown, headers: Record<string, string> = {}) {
    for (;;) {
      try {
        const reply = await fetch(`${url}/api/v1${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: {
            authorization: `Bearer ${body === undefined ? apiToken : tokenOf('worker-1')}`,
            'content-type': 'application/json',
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const json: unknown = await reply.json();
        if (reply.status < 500) return { status: reply.status, json };
      } catch {
        // It was killed: somebody starts it again.
      }
      await sleep(100);
    }
  }

  return {
    gitea,
    repository,
    gate,
    startService,
    startVerifier,
    startRunner,
    publish,
    call,
    url,
    directory,
    openIssue,
    /** Opens an issue that is assigned to the bot, and claims it once it is ready. */
    async claim(title: string) {
      const number = openIssue(title);
      for (;;) {
        const { json } = await call('/claims', {});
        const found = claimSchema.safeParse(json);
        if (found.success) return { number, ...found.data.claim };
        await sleep(100);
      }
    },
    /** Completes a claim, whatever is killed meanwhile. */
    complete: (held: { claimId: string; token: string }, commit: string, branch: string) =>
      call(
        `/claims/${held.claimId}/complete`,
        { commit, branch },
        { 'x-claim-token': held.token, 'idempotency-key': commit },
      ),
    plan: async (number: number) =>
      planSchema.parse((await call(`/issues/acme/orbit/${number}`)).json),
    verifications: async (number: number) =>
      listSchema.parse((await call(`/issues/acme/orbit/${number}/verifications`)).json).items,
    statuses: (commit: string) => gitea.repositories.get(2)?.statuses?.get(commit) ?? [],
    pulls: () => [...(gitea.repositories.get(2)?.pulls?.keys() ?? [])],
  };
}

/** A server that every gate asks: it says that gates run, and how many ran. */
async function startGate() {
  let ran = 0;
  let onRun = (): Promise<void> | undefined => undefined;
  const server = createServer((_request, response) => {
    ran += 1;
    void Promise.resolve(onRun()).then(() => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    ran: () => ran,
    /** Called whenever a gate runs; it goes on when this resolves. */
    whenRun: (work: () => Promise<void> | undefined) => {
      onRun = work;
    },
  };
}
