/** One replica in one thread: the core of `serve` has a lower priority, which starves beside other tests. */
import { writeSync } from 'node:fs';

import { createService } from '../../../src/app/service.ts';
import { loadConfig, readEnvironment } from '../../../src/config.ts';
import { createLogger } from '../../../src/log.ts';

const config = loadConfig(readEnvironment());
const service = createService(
  config,
  createLogger(config.logLevel, { write: (line) => void writeSync(1, line) }),
);
process.once('SIGTERM', () => void service.close());
await service.start();
