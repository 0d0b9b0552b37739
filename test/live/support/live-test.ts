import { test } from 'vitest';

import { findGiteaBinary } from './gitea-binary.ts';
import { startWorld, type World } from './world.ts';

const binary = findGiteaBinary();

/** A test in a world of its own; skipped when no Gitea is given. */
export function liveTest(name: string, run: (world: World) => Promise<void>): void {
  test.skipIf(binary === undefined)(name, async () => {
    if (binary !== undefined) await run(await startWorld(binary));
  });
}
