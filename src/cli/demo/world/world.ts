import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { createService } from '../../../app/service.ts';
import { loadConfig } from '../../../config.ts';
import { CoordinatorError } from '../../../errors.ts';
import { createLogger } from '../../../log.ts';
import { builtInAgents } from '../../../planning/built-in-agents.ts';
import { contextWindow, createAgent, workers } from './agents.ts';
import { newTemper, repositories, type Temper } from './backlog.ts';
import { issuesIn } from './calls.ts';
import { createWorldClock } from './clock.ts';
import { createDice } from './dice.ts';
import { createActs } from './gitea/acts.ts';
import { startDemoGitea, type DemoGitea } from './gitea/server.ts';
import { createPeople } from './people.ts';
import { playPrologue, prologueMs, prologuePace, stepMs } from './prologue.ts';
import { createOutcomes, createVerifier, verifiers } from './verifier.ts';

export interface WorldOptions {
  /** Seconds of the world in a second of the machine. */
  readonly speed: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** A world that the visitor can look at. */
export interface World {
  readonly url: string;
  readonly giteaUrl: string;
  readonly directory: string;
  /** Path and query of the link that signs the visitor in, once. */
  readonly signInPath: string;
  /** Token of the visitor, an operator. */
  readonly token: string;
  readonly seed: number;
  /** Goes on until the signal aborts. */
  readonly run: () => Promise<void>;
}

/** Beats of a step: a verifier says that it is alive more often than anything happens. */
const beats = 4;
/** Longest wait for the service to be done with what happened, in real time. */
const settleMs = 10_000;
/** Steps in a row that may fail: somebody may have stopped the store. */
const maxFailures = 20;
/** Reasons for which an issue needs a person when the visitor comes. */
const wantedReasons = ['gates_failed', 'issue_budget', 'worker_blocked'];
/** How long the link signs in, in real time. */
const linkMs = 10 * 60_000;

/**
 * Opens a world around the real service: issues, agents, a verifier and people, who act by signed webhooks and by the
 * API alone. Calls `show` when it can be looked at, and removes everything when that has ended.
 */
export async function withWorld<T>(
  options: WorldOptions,
  show: (world: World) => Promise<T>,
): Promise<T> {
  const { signal } = options;
  const clock = createWorldClock(Date.now() - prologueMs);
  const directory = await mkdtemp(join(tmpdir(), 'mosaic-demo-'));
  const gitea = await startDemoGitea(repositories, clock.now);
  const stage = { ...options, clock, directory, gitea };
  try {
    const { service, secrets, faults, problems } = await buildService(stage);
    try {
      const { url } = await service.start();
      const world = createStory({
        ...stage,
        url,
        secrets,
        faults,
        settle: () => settle(service.idle),
      });
      await world.prologue();
      clock.goAt(options.speed);
      return await show({
        ...{ url, giteaUrl: gitea.url, directory, seed: options.seed },
        signInPath: `/sign-in/once?code=${secrets.code}`,
        token: secrets.tokenOf('you'),
        run: () => world.run(problems),
      });
    } finally {
      await service.close();
    }
  } finally {
    await gitea.close();
    await rm(directory, { recursive: true, force: true });
  }

  async function settle(idle: () => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(settleMs)]);
    await Promise.race([idle(), once(limit, 'abort')]);
    signal.throwIfAborted();
  }
}

interface Stage extends WorldOptions {
  readonly clock: ReturnType<typeof createWorldClock>;
  readonly directory: string;
  readonly gitea: DemoGitea;
}

type Secrets = ReturnType<typeof createSecrets>;

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

async function buildService({ clock, directory, gitea }: Stage) {
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
  });
  const faults = new Set<string>();
  const problems: string[] = [];
  const log = createLogger(config.logLevel, { write: (line: string) => void problems.push(line) });
  const service = createService(config, log, {
    now: clock.now,
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

interface StoryDeps extends Stage {
  readonly url: string;
  readonly secrets: Secrets;
  readonly faults: Set<string>;
  readonly settle: () => Promise<void>;
}

function createStory({ url, secrets, faults, settle, ...stage }: StoryDeps) {
  const { clock, gitea, signal, speed, seed } = stage;
  const dice = createDice(seed);
  let pace = prologuePace;
  const { state } = gitea;
  const service = { url, signal };
  const callerOf = (name: string) => ({ service, token: secrets.tokenOf(name) });
  const tempers = new Map<string, Temper>();
  const acts = createActs({ state, service, secret: secrets.webhook, dice });
  const outcomes = createOutcomes();
  const { now } = clock;
  const scripted = verifiers.map((name) =>
    createVerifier({ caller: callerOf(name), dice, outcomes, now, pace: () => pace }),
  );
  const agents = workers.map((worker) =>
    createAgent({
      ...{ caller: callerOf(worker.name), worker, dice, acts, outcomes, now },
      pace: () => pace,
      temperOf: (ref) => {
        const temper = tempers.get(ref) ?? newTemper(dice, pace === 1);
        tempers.set(ref, temper);
        return temper;
      },
    }),
  );
  const operator = callerOf('maria');
  const people = createPeople({
    ...{ caller: operator, dice, acts, state, agents, tempers, faults },
    pace: () => pace,
  });

  async function beat(): Promise<void> {
    for (const verifier of scripted) await verifier.beat();
  }

  async function step(): Promise<void> {
    for (const agent of agents) await agent.step();
    for (const verifier of scripted) await verifier.step();
    await people.step();
    await settle();
  }

  /** Whether the visitor would see something of all that can go wrong. */
  async function isComplete(): Promise<boolean> {
    const parked = await issuesIn(operator, 'needs_human');
    const codes = new Set(parked.map(({ reason }) => reason.code));
    const inReview = await issuesIn(operator, 'in_review');
    return inReview.length > 0 && wantedReasons.every((code) => codes.has(code));
  }

  async function run(problems: readonly string[]): Promise<void> {
    let failures = 0;
    const isOver = () => signal.aborted;
    while (!isOver()) {
      try {
        for (let done = 0; done < beats; done += 1) {
          await sleep(stepMs / beats / speed, undefined, { signal });
          await beat();
        }
        await step();
        failures = 0;
      } catch (error) {
        if (isOver()) return;
        failures += 1;
        if (failures < maxFailures) continue;
        const message = `The world of the demo stands still. ${problems.at(-1) ?? ''}`;
        throw new CoordinatorError('demo_failed', message, { cause: error });
      }
    }
  }

  return {
    prologue: async () => {
      await playPrologue({ acts, clock, tempers, faults, settle, step, beat, isComplete });
      pace = 1;
    },
    run,
  };
}
