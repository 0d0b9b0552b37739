import { setTimeout as sleep } from 'node:timers/promises';

import type { TakeIn } from '../db/spool/take-in.ts';
import { createLoop, type Loop } from '../lib/loop.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { Logger } from '../log.ts';

/** Maximum pause while the edge tells of nothing. */
const maxPauseMs = 1_000;
/** Pause after what was taken in, in which more may come: one commit for all of it. */
const gatherMs = 20;

interface ArrivalsOptions {
  readonly takeIn: TakeIn;
  readonly log: Logger;
}

/** The loop that moves what webhooks brought into the inbox; `wake` says that something came. */
export function createArrivals({ takeIn, log }: ArrivalsOptions): Loop {
  const lines = createRepeatedLines(log);
  return createLoop({
    step: async (signal) => {
      if ((await takeIn()) > 0) await sleep(gatherMs, undefined, { signal }).catch(() => undefined);
      return maxPauseMs;
    },
    onError: (error) => {
      lines.warn({ err: error }, 'deliveries wait in front of the inbox, retrying');
      return maxPauseMs;
    },
  });
}
