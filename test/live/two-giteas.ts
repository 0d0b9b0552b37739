import { createServer } from 'node:http';

import { onTestFinished } from 'vitest';
import { z } from 'zod';

import { startGitea } from '../fake-gitea/gitea.ts';
import { manualClock } from '../support/clock.ts';
import { callGitea } from './support/call-gitea.ts';
import type { GiteaBinary } from './support/gitea-binary.ts';
import { startGiteaServer } from './support/gitea-server.ts';

export type Who = 'bot' | 'maria' | 'root' | 'nobody';

/** One of the two, with acme/orbit (maria administers, the bot writes) and acme/ledger, which the bot cannot see. */
export interface Side {
  readonly url: string;
  readonly tokens: Readonly<Record<Who, string>>;
  /** Address that its hooks are sent to. */
  readonly received: readonly Received[];
  readonly hookUrl: string;
  /** The next second begins. */
  readonly nextSecond: () => Promise<void>;
  readonly rename: (name: string, to: string) => Promise<void>;
  readonly setBot: (permission: 'read' | 'write' | 'admin') => Promise<void>;
  readonly setRepository: (change: RepositoryChange) => Promise<void>;
}

export interface RepositoryChange {
  readonly hasIssues?: boolean;
  readonly dependenciesOff?: boolean;
  readonly archived?: boolean;
}

export interface Received {
  readonly event: string;
  readonly type: string;
  readonly payload: Record<string, unknown>;
}

/** Takes deliveries under any path. */
async function startReceiver(): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    request.on('end', () => {
      const { 'x-gitea-event': event, 'x-gitea-event-type': type } = request.headers;
      const payload = z.looseObject({}).parse(JSON.parse(Buffer.concat(chunks).toString()));
      received.push({ event: String(event), type: String(type), payload });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { url: `http://127.0.0.1:${port}/`, received };
}

export async function startReal(binary: GiteaBinary): Promise<Side> {
  const { url: hookUrl, received } = await startReceiver();
  const { url, tokens } = await startGiteaServer(binary);
  const root = { url, token: tokens.root };
  const setBot: Side['setBot'] = async (permission) => {
    const path = '/repos/acme/orbit/collaborators/coordinator-bot';
    await callGitea(root, 'PUT', path, { permission });
  };
  await callGitea(root, 'POST', '/orgs', { username: 'acme' });
  for (const name of ['orbit', 'ledger']) {
    await callGitea(root, 'POST', '/orgs/acme/repos', { name, private: true });
    const path = `/repos/acme/${name}/collaborators/maria`;
    await callGitea(root, 'PUT', path, { permission: 'admin' });
  }
  await setBot('write');
  return {
    url,
    tokens: { ...tokens, nobody: 'wrong' },
    received,
    hookUrl,
    nextSecond: () => new Promise((resolve) => setTimeout(resolve, 1_010 - (Date.now() % 1_000))),
    rename: async (name, to) => {
      await callGitea(root, 'PATCH', `/repos/${name}`, { name: to.split('/')[1] });
    },
    setBot,
    setRepository: async ({ hasIssues, dependenciesOff, archived }) => {
      await callGitea(root, 'PATCH', '/repos/acme/orbit', {
        ...(archived === undefined ? {} : { archived }),
        ...(hasIssues === undefined ? {} : { has_issues: hasIssues }),
        ...(dependenciesOff === undefined
          ? {}
          : {
              has_issues: true,
              internal_tracker: {
                enable_time_tracker: true,
                enable_issue_dependencies: !dependenciesOff,
              },
            }),
      });
    },
  };
}

export async function startFake(): Promise<Side> {
  const { url: hookUrl, received } = await startReceiver();
  const clock = manualClock();
  const fake = await startGitea({ now: clock.now });
  fake.repositories.set(1, { name: 'acme/orbit', private: true, issues: new Map() });
  fake.repositories.set(2, {
    ...{ name: 'acme/ledger', private: true, hidden: true },
    issues: new Map(),
  });
  const change = (apply: (repository: { -readonly [K in keyof Changed]: Changed[K] }) => void) => {
    const repository = fake.repositories.get(1);
    if (repository !== undefined) apply(repository);
    return Promise.resolve();
  };
  return {
    url: fake.url,
    tokens: {
      bot: fake.tokenOf('coordinator-bot', ['write:issue', 'read:repository', 'read:user']),
      maria: fake.tokenOf('maria'),
      root: fake.tokenOf('root1'),
      nobody: 'wrong',
    },
    received,
    hookUrl,
    nextSecond: () => {
      clock.advance(1_000);
      return fake.settled();
    },
    rename: (name, to) => {
      fake.rename(name, to);
      return Promise.resolve();
    },
    setBot: (permission) => change((repository) => (repository.bot = permission)),
    setRepository: (wanted) => change((repository) => Object.assign(repository, wanted)),
  };
}

interface Changed extends RepositoryChange {
  readonly bot?: 'none' | 'read' | 'write' | 'admin';
}
