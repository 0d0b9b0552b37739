import { describeError } from '../errors.ts';
import type { Logger } from '../log.ts';

/** Maximum causes that are told apart; the lines of any further one count together. */
const maxCauses = 100;
/** Maximum deliveries that a line with a count names. */
const maxDeliveries = 50;
/** Default interval between two lines of one cause. */
const defaultIntervalMs = 60_000;

type Level = 'warn' | 'error';
type Fields = Readonly<Record<string, unknown>>;

interface Cause {
  readonly level: Level;
  /** Lines since the last one that was written. */
  count: number;
  last: { readonly fields: Fields; readonly message: string };
  /** Deliveries that the counted lines named; who lost them wants to know which. */
  readonly deliveries: string[];
  timer: NodeJS.Timeout;
}

export type RepeatedLines = ReturnType<typeof createRepeatedLines>;

/**
 * Writes the lines of one cause as one: the first at once, then one per interval for as long as the cause
 * lasts, with `count` (the lines it stands for), the fields of the last of them, and the `deliveries` that they
 * named. Lines are of one cause when
 * level, message, `code`, `reason` and error are the same. `flush` writes what was counted; call it at the end.
 */
export function createRepeatedLines(log: Logger, intervalMs = defaultIntervalMs) {
  const causes = new Map<string, Cause>();

  function write(level: Level, fields: Fields, message: string): void {
    const wanted = keyOf(level, fields, message);
    const key = causes.has(wanted) || causes.size < maxCauses ? wanted : 'others';
    const known = causes.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.last = { fields, message };
      const { delivery } = fields;
      if (typeof delivery === 'string' && known.deliveries.length < maxDeliveries)
        known.deliveries.push(delivery);
      return;
    }
    log[level](fields, message);
    const last = { fields, message };
    causes.set(key, { level, count: 0, last, deliveries: [], timer: after(key) });
  }

  function after(key: string): NodeJS.Timeout {
    return setTimeout(() => {
      const cause = causes.get(key);
      if (cause === undefined) return;
      if (cause.count === 0) causes.delete(key);
      else {
        writeCount(cause);
        cause.timer = after(key);
      }
    }, intervalMs).unref();
  }

  function writeCount(cause: Cause): void {
    const { level, count, last } = cause;
    cause.count = 0;
    const deliveries = cause.deliveries.splice(0);
    const named = deliveries.length > 0 ? { deliveries } : {};
    log[level]({ ...last.fields, count, ...named }, last.message);
  }

  return {
    warn: (fields: Fields, message: string) => write('warn', fields, message),
    error: (fields: Fields, message: string) => write('error', fields, message),
    flush: () => {
      for (const cause of causes.values()) {
        clearTimeout(cause.timer);
        if (cause.count > 0) writeCount(cause);
      }
      causes.clear();
    },
  };
}

function keyOf(level: Level, { code, reason, err }: Fields, message: string): string {
  const error = err === undefined ? '' : describeError(err);
  return JSON.stringify([level, message, code, reason, error]);
}
