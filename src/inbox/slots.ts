import { TryAgainLater } from '../errors.ts';

/** Maximum groups that wait for a long slot: their texts are in memory. Further ones are put back. */
const maxWaiting = 16;

/** Place of one group while it is handled. */
export interface Slot {
  /**
   * Says that the group has a long text. Resolves when it may go on; until then it holds no slot. Throws
   * `TryAgainLater` when too many wait, and what `signal` says.
   */
  readonly beLong: (signal: AbortSignal) => Promise<void>;
  readonly end: () => void;
}

/**
 * Slots of the groups that are handled side by side. Groups with long texts hold all but one of them at most,
 * so that others are handled beside any number of long ones; with a single slot, one more is there for a long
 * one. How long a text is shows only when the group is being handled. `changed`: called when a slot is free.
 */
export function createSlots(count: number, changed: () => void) {
  const maxLong = Math.max(1, count - 1);
  let others = 0;
  let long = 0;
  const waiting: (() => void)[] = [];

  function canBegin(): boolean {
    return others < Math.max(1, count - long);
  }

  function begin(): Slot {
    others += 1;
    let leave = () => {
      others -= 1;
    };

    function leaveLong(): void {
      // The slot is handed on: a new group cannot come between.
      const next = waiting.shift();
      if (next === undefined) long -= 1;
      else next();
    }

    async function beLong(signal: AbortSignal): Promise<void> {
      signal.throwIfAborted();
      if (long >= maxLong && waiting.length >= maxWaiting)
        throw new TryAgainLater('long_texts', 'Too many long texts wait to be read.');
      leave();
      leave = () => undefined;
      if (long < maxLong) long += 1;
      else {
        changed();
        await new Promise<void>((resolve, reject) => {
          const admit = () => resolve();
          waiting.push(admit);
          const giveUp = () => {
            const at = waiting.indexOf(admit);
            if (at < 0) return;
            waiting.splice(at, 1);
            reject(abortError(signal));
          };
          signal.addEventListener('abort', giveUp, { once: true });
        });
      }
      leave = leaveLong;
      changed();
    }

    return {
      beLong,
      end: () => {
        leave();
        leave = () => undefined;
        changed();
      },
    };
  }

  return { canBegin, begin };
}

function abortError({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('The wait was ended.');
}
