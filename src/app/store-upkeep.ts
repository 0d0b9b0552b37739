import type { Engine } from '../db/engine.ts';
import type { StoreFault } from '../errors.ts';
import { createLoop } from '../lib/loop.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { Logger } from '../log.ts';

/** Interval of the look at the store, and pause without writes after which it is tidied. */
const intervalMs = 10_000;
/** The same while the store is down: it goes on by itself within seconds. */
const downIntervalMs = 1_000;

interface UpkeepParts {
  readonly engine: Pick<Engine, 'fault' | 'check' | 'refusals' | 'look' | 'tidy'>;
  readonly wakeConsumer: () => void;
  readonly log: Logger;
}

/**
 * Looks after the store while the service runs: notices when its files are gone, tries a store that failed again
 * until it works, and tidies it when nothing is written. It writes nothing while all is well and nobody writes.
 */
export function createStoreUpkeep({ engine, wakeConsumer, log }: UpkeepParts) {
  const repeated = createRepeatedLines(log);
  let down: StoreFault['kind'] | undefined;

  async function step(): Promise<number> {
    engine.look?.();
    const isDown = engine.fault() !== undefined && (await engine.check()).status === 'down';
    report(isDown ? engine.fault() : undefined);
    if (isDown) return downIntervalMs;
    await engine.tidy?.();
    return intervalMs;
  }

  /** One line when the store goes down, and one when it works again. */
  function report(fault: StoreFault | undefined): void {
    if (fault === undefined) {
      if (down !== undefined) {
        log.warn(engine.refusals(), 'the store works again');
        wakeConsumer();
      }
      down = undefined;
      return;
    }
    if (down !== fault.kind) {
      const { cause, cure } = fault;
      log.error({ cause, cure, ...engine.refusals() }, 'the store is down');
    }
    down = fault.kind;
  }

  const loop = createLoop({
    step,
    onError: (error) => {
      repeated.warn({ err: error }, 'the log of the database could not be emptied, retrying');
      return intervalMs;
    },
  });
  return {
    ...loop,
    stop: async () => {
      await loop.stop();
      repeated.flush();
    },
  };
}
