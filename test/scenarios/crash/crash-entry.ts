/**
 * The service, killing itself: `crash-entry.ts <point> <passes> <clock ahead> <leap>` dies at that pass through
 * the point. Its clock is so many milliseconds ahead, and so many go by at once when it has started.
 */
import { writeSync } from 'node:fs';

import { loadConfig, readEnvironment } from '../../../src/config.ts';
import { createService } from '../../../src/app/service.ts';
import { createLogger } from '../../../src/log.ts';
import { aroundSteps } from './claim-steps.ts';
import type { Point } from './crash-process.ts';
import { aroundPublishing } from '../../support/publish-steps.ts';

const [, , chosen, passes, aheadMs = '0', leapMs = '0'] = process.argv;
let passedMs = 0;
let passesLeft = Number(passes);

/** Says synchronously where it was: nothing of this process runs after the signal. */
function pass(point: Point): void {
  if (point !== chosen) return;
  passesLeft -= 1;
  if (passesLeft > 0) return;
  writeSync(2, `${point}\n`);
  process.kill(process.pid, 'SIGKILL');
}

const config = loadConfig(readEnvironment());
const log = createLogger(config.logLevel, {
  write: (line) => {
    writeSync(1, line);
    // Written right after the commit.
    if (line.includes('"issue handled"')) pass('after-handling');
  },
});
const coordinator = createService(config, log, {
  now: () => Date.now() + Number(aheadMs) + passedMs,
  monotonic: () => performance.now() + passedMs,
  aroundWrites: (writes) => aroundSteps(writes, pass),
  aroundGitea: aroundPublishing(pass),
  aroundInsert: (insert) => async (rows) => {
    pass('before-commit');
    const inserted = await insert(rows);
    pass('after-commit');
    return inserted;
  },
  aroundTakeIn: (run) => async (sql, parameters) => {
    const moves = sql.startsWith('insert');
    if (moves) pass('before-take-in');
    const rows = await run(sql, parameters);
    if (moves) pass('after-take-in');
    return rows;
  },
  // The answer of Claude is stored by then, the plan is not.
  aroundRead: (read) => async (issue, signal) => {
    const reading = await read(issue, signal);
    pass('mid-handling');
    return reading;
  },
});
await coordinator.start();
passedMs = Number(leapMs);
