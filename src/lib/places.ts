import { readdirSync, readFileSync } from 'node:fs';
import {
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { z } from 'zod';

import { CoordinatorError } from '../errors.ts';
import { parseJson } from './text.ts';

/** Maximum processes that share one directory. */
const maxPlaces = 64;
/** Interval at which a lock is refreshed, and the age at which one of another machine is stale. */
const refreshMs = 10_000;
const staleMs = 60_000;

/** Names in a directory beyond the `kept` that were used last, by the time that their use leaves. */
export async function leastRecentlyUsed(directory: string, kept: number): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  const used = await Promise.all(
    // Another one may delete it now.
    names.map(async (name) => {
      const found = await stat(join(directory, name)).catch(() => undefined);
      return { name, at: found?.mtimeMs };
    }),
  );
  const newestFirst = used
    .flatMap(({ name, at }) => (at === undefined ? [] : [{ name, at }]))
    .toSorted((a, b) => b.at - a.at);
  return newestFirst.slice(kept).map(({ name }) => name);
}

export interface Place {
  readonly path: string;
  readonly release: () => Promise<void>;
}

/**
 * Takes the first free place below the directory: `1`, `2` and so on, each held by a lock that a dead process loses.
 * What is in it is of the one who held it before.
 */
export async function takePlace(directory: string): Promise<Place> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const top = await realpath(directory);
  for (let number = 1; number <= maxPlaces; number += 1) {
    const path = join(top, `${number}`);
    await mkdir(path, { recursive: true, mode: 0o700 });
    const lock = join(path, 'lock');
    if (!(await takeLock(lock))) continue;
    const refresh = setInterval(() => {
      const now = new Date();
      void utimes(lock, now, now).catch(() => undefined);
    }, refreshMs);
    refresh.unref();
    return {
      path,
      async release() {
        clearInterval(refresh);
        await rm(lock, { force: true });
      },
    };
  }
  throw new CoordinatorError(
    'directory_busy',
    `${directory} is used by ${maxPlaces} processes: name another one by --directory.`,
  );
}

const ownerSchema = z.object({ host: z.string(), pid: z.number(), started: z.string() });

/** Takes the lock unless a living process holds it. */
async function takeLock(lock: string): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await writeLock(lock)) return true;
    const text = await readFile(lock, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    if (await isAlive(lock, text)) return false;
    // Only one of several that see it can rename it. Accepted race: the renamed one was taken anew in between.
    const old = `${lock}.${process.pid}`;
    const renamed = await rename(lock, old).then(
      () => true,
      () => false,
    );
    if (!renamed) continue;
    const isSame = (await readFile(old, 'utf8').catch(() => '')) === text;
    if (!isSame) await rename(old, lock);
    await rm(old, { force: true });
    if (!isSame) return false;
  }
  return false;
}

async function writeLock(lock: string): Promise<boolean> {
  try {
    await using file = await open(lock, 'wx', 0o600);
    const { pid } = process;
    await file.writeFile(JSON.stringify({ host: hostname(), pid, started: startOf(pid) ?? '' }));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isAlive(lock: string, text: string): Promise<boolean> {
  const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? 0);
  const owner = ownerSchema.safeParse(parseJson(text)).data;
  // One that is not written yet, or of a machine whose processes cannot be seen.
  if (owner?.host !== hostname()) return age < staleMs;
  return startOf(owner.pid) === owner.started;
}

/** Start time of a process by proc_pid_stat(5), field 22; undefined when there is none. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    // Without /proc, such as on macOS, only its being there can be told.
    return isThere(pid) ? '' : undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Time for what was killed to be gone. */
const endMs = 2_000;

/** Ends the processes whose environment names a path: those that a process which was killed has left. */
export async function endProcessesNaming(path: string): Promise<void> {
  const until = performance.now() + endMs;
  for (;;) {
    const left = processesNaming(path);
    if (left.length === 0 || performance.now() > until) return;
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    await delay(20);
  }
}

function processesNaming(path: string): number[] {
  const pids = readdirOrEmpty('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map(Number).filter((pid) => {
    if (pid === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(path);
    } catch {
      return false;
    }
  });
}

function readdirOrEmpty(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
