import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { runMarker } from './environment.ts';

export type ProcessTree = ReturnType<typeof createProcessTree>;

/**
 * The processes that one run started. Promises: finds every process in the process group or session of the
 * root, every one with an ancestor found before, and every one with the marker in its environment, also after
 * `setsid`. A root that is not known any more is undefined.
 *
 * Accepted races: a process that detaches, drops its environment and loses its parent, all between two
 * listings, is not found; only a PID namespace (every sandbox but `none`) ends it. A process id may be reused
 * between listing and signal; the start time was compared a moment before. Without /proc only the group is
 * signalled.
 */
export function createProcessTree(root: number | undefined, marker: string) {
  /** Start time by process id, so that a listing need not read every environment again. */
  const ours = new Map<number, string>();
  const others = new Map<number, string>();

  function isMarked({ pid, started }: Stat): boolean {
    if (others.get(pid) === started) return false;
    const environment = readOrEmpty(`/proc/${pid}/environ`);
    if (environment.split('\0').includes(`${runMarker}=${marker}`)) return true;
    // An empty environment may be that of a process in the middle of starting a program.
    if (environment !== '') others.set(pid, started);
    return false;
  }

  function members(): number[] {
    const stats = readStats();
    const found = new Map<number, Stat>();
    for (const stat of stats)
      if (
        ours.get(stat.pid) === stat.started ||
        stat.pid === root ||
        stat.group === root ||
        stat.session === root ||
        isMarked(stat)
      )
        found.set(stat.pid, stat);
    for (let before = -1; before < found.size;) {
      before = found.size;
      for (const stat of stats) if (found.has(stat.parent)) found.set(stat.pid, stat);
    }
    ours.clear();
    for (const { pid, started } of found.values()) ours.set(pid, started);
    return [...found.values()].filter(({ state }) => !'ZX'.includes(state)).map(({ pid }) => pid);
  }

  return {
    /** The processes alive now. */
    members,
    /** Signals the process group and every member; returns the number of members. */
    signal(signal: NodeJS.Signals): number {
      if (root !== undefined) send(-root, signal);
      const alive = members();
      for (const pid of alive) send(pid, signal);
      return alive.length;
    },
  };
}

/** Time from the first SIGKILL until giving up on a process that cannot be killed. */
const killMs = 1_000;

/** Kills until no process is left: one may fork between the listing and the signal. */
export async function killTree(tree: ProcessTree): Promise<void> {
  const givesUpAt = performance.now() + killMs;
  // Stopped first, so that forking cannot outrun the killing.
  if (tree.signal('SIGSTOP') === 0) return;
  while (tree.signal('SIGKILL') > 0 && performance.now() < givesUpAt) await delay(10);
}

interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly started: string;
}

function readStats(): Stat[] {
  let entries: string[];
  try {
    entries = readdirSync('/proc');
  } catch {
    return [];
  }
  return entries.filter((entry) => /^\d+$/.test(entry)).flatMap(readStat);
}

/** Fields 3 to 6 and 22 of proc_pid_stat(5); the name in field 2 may itself hold blanks and brackets. */
function readStat(entry: string): Stat[] {
  const text = readOrEmpty(`/proc/${entry}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group, session] = fields;
  const started = fields[19];
  if (state === undefined || started === undefined) return [];
  return [
    {
      pid: Number(entry),
      state,
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      started,
    },
  ];
}

/** Bytes of memory that these processes alone use: without programs and other files, which are shared. */
export function memoryOf(pids: readonly number[]): number {
  const kibibytes = pids.map((pid) => {
    const status = readOrEmpty(`/proc/${pid}/status`);
    return [...status.matchAll(/^(?:RssAnon|RssShmem):\s*(\d+) kB$/gm)].reduce(
      (sum, [, number]) => sum + Number(number),
      0,
    );
  });
  return kibibytes.reduce((sum, one) => sum + one, 0) * 1024;
}

/** Reads a file of /proc: empty when its process has ended, or belongs to another user. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}
