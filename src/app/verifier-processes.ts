import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { execa } from 'execa';

import type { Config } from '../config.ts';
import { isPostgresUrl } from '../db/location.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Logger } from '../log.ts';

interface ProcessesDeps extends Pick<Config, 'verifiers' | 'database' | 'logLevel'> {
  /** Of the API, for these verifiers alone. */
  readonly token: string;
  readonly log: Logger;
}

/** Time that a verifier gets to put its work back before it is killed. */
const stopMs = 5_000;
/** Pauses before a verifier that died is started again; one that lived longer begins anew. */
const restart = { firstMs: 1_000, factor: 2, maxMs: 60_000 };

/**
 * Verifiers that the service starts as processes of their own, with a clean environment: they hold no secret but a
 * token that this start made for them. One that dies is started again.
 */
export function createVerifierProcesses({
  verifiers,
  database,
  logLevel,
  token,
  log,
}: ProcessesDeps) {
  const stopping = new AbortController();
  const stopped = () => stopping.signal.aborted;
  // Each takes a place of its own below it.
  const data = isPostgresUrl(database) ? resolve('data') : dirname(database);
  const directory = join(data, 'verifier');
  let running: Promise<void>[] = [];

  async function keepRunning(url: string): Promise<void> {
    for (let deaths = 0; !stopped(); deaths += 1) {
      const started = performance.now();
      const result = await run(url);
      if (stopped()) return;
      const { exitCode, signal, shortMessage } = result;
      log.warn({ exitCode, signal, reason: shortMessage }, 'a verifier ended, starting it again');
      if (performance.now() - started > restart.maxMs) deaths = 0;
      const pause = backoffMs(restart, deaths + 1);
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  function run(url: string) {
    return execa(
      process.execPath,
      [
        ...withoutEnvironmentFiles(process.execArgv),
        ...[entry, 'verify', '--attached', '--directory', directory],
      ],
      {
        env: {
          PATH: '/usr/local/bin:/usr/bin:/bin',
          ...{ COORDINATOR_URL: url, COORDINATOR_TOKEN: token, LOG_LEVEL: logLevel },
        },
        extendEnv: false,
        // It stops when this end closes, as it does however this process ends.
        stdio: ['pipe', 'inherit', 'inherit'],
        cancelSignal: stopping.signal,
        forceKillAfterDelay: stopMs,
        killDescendants: true,
        reject: false,
      },
    );
  }

  return {
    /** `url`: where the API listens, perhaps on every address. */
    start(listening: string): void {
      const url = listening.replace(/\/\/(?:0\.0\.0\.0|\[::\])/, '//127.0.0.1');
      running = Array.from({ length: verifiers }, () => keepRunning(url));
    },
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

/** The options of node that a child needs as well; not the files whose variables are secrets of the service. */
export function withoutEnvironmentFiles(args: readonly string[]): readonly string[] {
  const isFile = (arg: string | undefined) => /^--env-file(-if-exists)?$/.test(arg ?? '');
  return args.filter(
    (arg, index) => !/^--env-file(-if-exists)?(=|$)/.test(arg) && !isFile(args[index - 1]),
  );
}

/** The program itself: TypeScript while it is developed, JavaScript once it is built. */
const entry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../main.ts' : '../main.js', import.meta.url),
);
