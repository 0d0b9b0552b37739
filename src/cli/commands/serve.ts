import closeWithGrace from 'close-with-grace';

import { loadConfig } from '../../config.ts';
import { createThreadedService } from '../../app/threads.ts';
import { createLogger, writeByTurn } from '../../log.ts';
import type { Io } from '../io.ts';

/** Deadline of closing; Docker kills after 10 s. */
const closeDeadlineMs = 8_000;

export interface ServeOptions {
  /** Writes to Gitea are only logged. */
  readonly dryRun: boolean;
}

/** Runs the service until a signal: the first one closes within 8 s, a second one ends it at once. */
export async function serve(io: Io, { dryRun }: ServeOptions = { dryRun: false }): Promise<void> {
  const config = loadConfig(io.environment());
  const output = writeByTurn(io.stdout);
  const log = createLogger(config.logLevel, output);
  const service = createThreadedService(config, log, { dryRun, write: output.write });
  await service.start();
  await new Promise<void>((resolve, reject) => {
    const grace = closeWithGrace(
      { delay: closeDeadlineMs, logger: { error: (message) => log.error({ message }, 'closing') } },
      async ({ err, signal }) => {
        if (err !== undefined) log.error({ err }, 'unexpected error, closing');
        else log.info({ signal }, 'closing');
        await service.close();
      },
    );
    const stop = () => {
      grace.uninstall();
      service.close().then(resolve, reject);
    };
    if (io.signal?.aborted === true) stop();
    else io.signal?.addEventListener('abort', stop, { once: true });
  });
}
