import { test } from 'vitest';

import { findGiteaBinary } from './gitea-binary.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

const binary = findGiteaBinary();

export interface LiveTestOptions extends WorldOptions {
  /** Beside the want of a Gitea. */
  readonly isSkipped?: boolean;
}

/** A test in a world of its own; skipped when no Gitea is given. */
export function liveTest(
  name: string,
  run: (world: World) => Promise<void>,
  { isSkipped = false, ...options }: LiveTestOptions = {},
): void {
  test.skipIf(binary === undefined || isSkipped)(name, async () => {
    if (binary !== undefined) await run(await startWorld(binary, options));
  });
}
