import { z } from 'zod';

import { CoordinatorError } from '../../../errors.ts';
import type { Io } from '../../io.ts';
import { listenForStop } from '../../listen-for-stop.ts';
import { countOption } from '../../options.ts';
import { withWorld, type World } from './world.ts';

export const keepOptions = z.object({
  /** Seconds of the world in a second of the machine. */
  speed: countOption('--speed must be a whole number', 60),
  /** The same seed tells the same story. */
  seed: countOption('--seed must be a whole number', 1_000_000),
});
export type KeepOptions = Readonly<z.infer<typeof keepOptions>>;

/** An issue for the API: it waits for another one. */
const shownIssue = 'acme/harbor/6';

/** `demo --keep`: opens a world around the service, prints how to look at it, and goes on until a signal. */
export async function keepDemo(io: Io, { speed, seed }: KeepOptions): Promise<void> {
  // A terminal that is closed leaves nothing behind either.
  const stop = listenForStop(io.signal, () => io.stdout.write('\nThe demo ends.\n'));
  const { signal } = stop;
  try {
    io.stdout.write('Some hours of a small world are played first, which takes a few seconds.\n');
    await withWorld({ speed, seed, signal }, async (world) => {
      io.stdout.write(welcome(world, speed));
      await world.run();
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    const message = 'The demo was stopped before its world was open.';
    if (error === signal.reason || isAbort(error))
      throw new CoordinatorError('demo_stopped', message, { cause: error });
    throw error;
  } finally {
    stop.release();
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function welcome({ url, giteaUrl, directory, signInPath, token, seed }: World, speed: number) {
  const call = (path: string) =>
    `  curl -s -H 'Authorization: Bearer ${token}' '${url}/api/v1/${path}'`;
  return [
    '',
    'Look first at the overview: what waits for you, what agents work on, and why the rest waits.',
    'Then open an issue in review, its verification, and the graph. This link signs you in once, within 10 minutes:',
    `  ${url}${signInPath}`,
    '',
    `Later, sign in at ${url} with this token:`,
    `  ${token}`,
    '',
    `Mosaic Coordinator runs at ${url}, its database is in ${directory}.`,
    `A small Gitea stands at ${giteaUrl}; agents, verifiers and people are played, ${speed} times as fast as life (seed ${seed}).`,
    'All of it runs until Ctrl-C. The same for programs:',
    `  curl -s ${url}/health`,
    ...['queue', `issues/${shownIssue}`].map(call),
    '',
  ].join('\n');
}
