import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second. */
const tickMs = 10;

/**
 * Processor time in milliseconds of a process and of its children, those that ended and those that run: of a replica, or
 * of a PostgreSQL server. 0 where there is no /proc.
 */
export function processorTime(pid: number): number {
  const own = timesOf(pid);
  if (own === undefined) return 0;
  const children = readdirSync('/proc').flatMap((entry) => {
    const times = /^\d+$/.test(entry) ? timesOf(Number(entry)) : undefined;
    return times?.parent === pid ? [times.own] : [];
  });
  return children.reduce((sum, time) => sum + time, own.own + own.ended);
}

function timesOf(pid: number) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before may contain anything.
    const [, parent, ...rest] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = rest.slice(9);
    return {
      parent,
      own: (user + system) * tickMs,
      ended: (endedUser + endedSystem) * tickMs,
    };
  } catch {
    return undefined;
  }
}
