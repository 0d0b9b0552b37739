import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished } from 'vitest';

import { createProcessTree } from '../../../src/gates/process/process-tree.ts';
import { openSandbox } from '../../../src/gates/process/sandbox.ts';
import { createLogger } from '../../../src/log.ts';
import type { Adapter, AgentStart } from '../../../src/work/adapters/adapter.ts';
import type { AgentProgress } from '../../../src/work/agent-progress.ts';
import { runAgent } from '../../../src/work/agent-run.ts';
import { openForwarder, type Credential } from '../../../src/work/forwarder.ts';
import { searchPath } from '../../support/process.ts';
import { temporaryDirectory } from '../../support/service.ts';

/** In the place of a real key: found nowhere but at the API. */
export const canary = 'sk-ant-canary-5e1f';

/** The first message of an agent. */
const firstPrompt = 'Issue 1: sum() subtracts. Mend it.';

export interface RunOptions extends Partial<AgentStart> {
  readonly sandbox?: 'none' | 'bwrap';
  /** Beside those of the adapter. */
  readonly extraArguments?: readonly string[];
  readonly credential?: Credential['kind'];
  readonly environment?: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: AgentProgress) => void;
}

/** A real agent, and the stand-in for the API of its model. */
export interface AgentUnderTest {
  readonly adapter: Adapter;
  readonly credential: Credential['kind'];
  readonly model: string | undefined;
  readonly api: string;
}

/** A repository with a red test, in which the agent is run as the runner does it. */
export function openAgentWorld(agent: AgentUnderTest) {
  const directory = temporaryDirectory();
  const [home, repository] = [join(directory, 'home'), join(directory, 'repository')];
  for (const folder of [home, repository]) mkdirSync(folder);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b', ...args], {
      ...{ cwd: repository, encoding: 'utf8', env: { PATH: searchPath } },
    }).trim();
  writeFileSync(join(repository, 'sum.mjs'), 'export const sum = (a, b) => a - b;\n');
  writeFileSync(
    join(repository, 'sum.test.mjs'),
    "import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { sum } from './sum.mjs';\ntest('sum', () => assert.equal(sum(2, 3), 5));\n",
  );
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=Begin');

  const { signal } = new AbortController();

  async function start(options: RunOptions = {}) {
    const {
      sandbox = 'none',
      credential = agent.credential,
      environment,
      onProgress,
      extraArguments = [],
      ...given
    } = options;
    const forwarder = await openForwarder({
      ...{ credential: { kind: credential, secret: canary }, upstream: agent.api, now: Date.now },
      log: createLogger('error', { write: () => undefined }),
    });
    onTestFinished(() => forwarder.close());
    const marker = randomUUID();
    const progress: AgentProgress[] = [];
    const running = runAgent({
      adapter: {
        ...agent.adapter,
        start(request) {
          const command = agent.adapter.start(request);
          return { ...command, args: [...command.args, ...extraArguments] };
        },
      },
      start: {
        ...{ prompt: firstPrompt, session: randomUUID(), resume: false },
        ...{ home, directory: repository, model: agent.model, maxTurns: 20 },
        apiUrl: forwarder.url,
        ...given,
      },
      marker,
      environment: {
        ...forwarder.environment,
        ...{
          GIT_AUTHOR_NAME: 'A',
          GIT_AUTHOR_EMAIL: 'a@b',
          GIT_COMMITTER_NAME: 'A',
          GIT_COMMITTER_EMAIL: 'a@b',
        },
        ...environment,
      },
      inherited: {
        ...{
          PATH: searchPath,
          ANTHROPIC_API_KEY: canary,
          OPENAI_API_KEY: canary,
          COORDINATOR_TOKEN: canary,
        },
        ...{ GITEA_TOKEN: canary, CLAIM_TOKEN: canary, SSH_AUTH_SOCK: canary },
      },
      sandbox: await openSandbox(sandbox, { privateDirectory: tmpdir(), signal }),
      ...{ writable: [], readOnly: [], limitedUntil: forwarder.limitedUntil },
      log: createLogger('error', { write: () => undefined }),
      onProgress(now) {
        progress.push(now);
        onProgress?.(now);
        if (now.turnEnded) running.closeInput();
      },
    });
    const tree = createProcessTree(undefined, marker);
    onTestFinished(() => running.stop());
    return { running, progress, tree, session: given.session };
  }

  return {
    ...{ directory, home, repository, git, start },
    isGreen: () => spawnsGreen(repository),
    status: () => git('status', '--porcelain'),
    commits: () => Number(git('rev-list', '--count', 'HEAD')),
    /** Files below the home of the agent that hold this text: settings, transcripts, logs. */
    filesWith: (text: string) =>
      readdirSync(home, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
        .filter((file) => readFileSync(file, 'utf8').includes(text)),
  };
}

function spawnsGreen(cwd: string): boolean {
  try {
    execFileSync(process.execPath, ['--test'], { cwd, stdio: 'ignore', env: { PATH: searchPath } });
    return true;
  } catch {
    return false;
  }
}

export function expectNothingLeft(tree: { readonly members: () => readonly number[] }): void {
  expect(tree.members()).toEqual([]);
}
