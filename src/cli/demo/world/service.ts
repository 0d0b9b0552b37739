import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createService } from '../../../app/service.ts';
import { loadConfig } from '../../../config.ts';
import { createLogger } from '../../../log.ts';
import { builtInAgents } from '../../../planning/built-in-agents.ts';
import type { DemoGitea } from './gitea/server.ts';
import { verifiers } from './verifier.ts';
import { contextWindow, workers } from './workers.ts';

/** How long the link signs in, in real time. */
const linkMs = 10 * 60_000;

export type Secrets = ReturnType<typeof createSecrets>;

/** Tokens of this run, which the seed says nothing of. */
function createSecrets() {
  const tokens = new Map<string, string>();
  const fresh = () => randomBytes(24).toString('hex');
  const roles = [
    ...[
      { name: 'you', role: 'operator' },
      { name: 'maria', role: 'operator' },
    ],
    ...verifiers.map((name) => ({ name, role: 'verifier' })),
    ...workers.map(({ name }) => ({ name, role: 'worker' })),
  ];
  for (const { name } of roles) tokens.set(name, fresh());
  return {
    webhook: fresh(),
    code: fresh(),
    tokenOf: (name: string) => tokens.get(name) ?? '',
    /** As `API_TOKENS` has them. */
    list: roles.map(({ name, role }) => `${name}:${role}:${tokens.get(name) ?? ''}`).join(','),
  };
}

interface ServiceDeps {
  readonly now: () => number;
  readonly directory: string;
  readonly gitea: Pick<DemoGitea, 'url' | 'token'>;
  /** Variables that differ from those of the world. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The real service, with what the world needs to know of it. Nothing is opened yet. */
export async function buildService({ now, directory, gitea, env = {} }: ServiceDeps) {
  const secrets = createSecrets();
  const agentsFile = join(directory, 'agents.json');
  await writeFile(agentsFile, JSON.stringify(profiles()));
  const config = loadConfig({
    ...{ HOST: '127.0.0.1', PORT: '0', ISSUE_READER: 'offline', LOG_LEVEL: 'error' },
    DATABASE_URL: `file:${join(directory, 'coordinator.db')}`,
    GITEA_WEBHOOK_SECRET: secrets.webhook,
    ...{ GITEA_URL: gitea.url, GITEA_TOKEN: gitea.token },
    ...{ API_TOKENS: secrets.list, AGENTS_FILE: agentsFile },
    // The verifier of the world has a token, and runs no gates.
    VERIFIERS: '0',
    // No webhook gets lost here, and a pass a minute would be one a second or so.
    RECONCILE_INTERVAL_SECONDS: '1800',
    ...env,
  });
  const faults = new Set<string>();
  const problems: string[] = [];
  const log = createLogger(config.logLevel, { write: (line: string) => void problems.push(line) });
  const service = createService(config, log, {
    now,
    // A machine that stands still for some seconds takes no lease away.
    processTime: () => performance.now(),
    sessionTime: Date.now,
    signInOnce: { code: secrets.code, caller: 'you', lifeMs: linkMs },
    aroundRead: (read) => async (issue, signal) => {
      if (faults.has(`${issue.repository}#${issue.number}`))
        throw new Error('The disk with the attachments is not mounted.');
      return read(issue, signal);
    },
  });
  return { service, secrets, faults, problems };
}

/** The built-in agents with windows that fill while the visitor looks, and with budgets. */
function profiles() {
  const agents = builtInAgents.map((agent) => ({
    ...agent,
    ...{ contextWindow, concurrency: 3 },
    ...(agent.enabled ? { budget: { issue: { usd: 9 }, day: { usd: 900 } } } : {}),
  }));
  return { agents };
}
