import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { repositories } from './backlog.ts';
import { createWorldClock } from './clock.ts';
import { createDice } from './dice.ts';
import { startDemoGitea } from './gitea/server.ts';
import { playPrologue, prologueMs } from './prologue.ts';
import { buildService } from './service.ts';
import { createStory } from './story.ts';
import { verifiers } from './verifier.ts';
import { workers } from './workers.ts';

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
  /** Plays one step as long as so many usual ones, without a wait. */
  readonly hurry: (pace: number) => Promise<void>;
}

/** Longest wait for the service to be done with what happened, in real time. */
const settleMs = 10_000;

/**
 * Opens a world around the real service: issues, agents, a verifier and people, who act by signed webhooks and by the
 * API alone. Calls `show` when it can be looked at, and removes everything when that has ended.
 */
export async function withWorld<T>(
  { speed, seed, signal }: WorldOptions,
  show: (world: World) => Promise<T>,
): Promise<T> {
  const clock = createWorldClock(Date.now() - prologueMs);
  const directory = await mkdtemp(join(tmpdir(), 'mosaic-demo-'));
  const gitea = await startDemoGitea(repositories, clock.now);
  try {
    const { service, secrets, faults, problems } = await buildService({
      ...{ now: clock.now, directory, gitea },
    });
    try {
      const { url } = await service.start();
      const settle = () => settleBy(service.idle);
      const dice = createDice(seed);
      const { state } = gitea;
      const story = createStory({
        ...{ url, signal, clock, dice, state, secrets, faults, settle, workers, verifiers },
      });
      await playPrologue({ ...story, clock, faults, settle });
      story.open();
      clock.goAt(speed);
      return await show({
        ...{ url, giteaUrl: gitea.url, directory, seed, hurry: story.hurry },
        signInPath: `/sign-in/once?code=${secrets.code}`,
        token: secrets.tokenOf('you'),
        run: () => story.run(speed, () => problems.at(-1) ?? ''),
      });
    } finally {
      await service.close();
    }
  } finally {
    await gitea.close();
    await rm(directory, { recursive: true, force: true });
  }

  async function settleBy(idle: () => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    const limit = AbortSignal.any([signal, AbortSignal.timeout(settleMs)]);
    await Promise.race([idle(), once(limit, 'abort')]);
    signal.throwIfAborted();
  }
}
