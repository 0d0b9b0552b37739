/**
 * Loaded before everything else in the core's thread: when the file of `HURT_WHEN` is there, the thread hangs, ends or
 * throws, as `HURT_HOW` says.
 */
import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

import { readEnvironment } from '../../src/config.ts';

const { HURT_WHEN: file = '', HURT_HOW: how } = readEnvironment();

function hurt(): void {
  if (!existsSync(file)) return;
  // eslint-disable-next-line no-restricted-properties -- Of a thread, this ends the thread alone.
  if (how === 'exit') process.exit(0);
  if (how === 'throw') throw new Error('hurt on purpose');
  for (;;);
}

if (!isMainThread) setInterval(hurt, 20).unref();
