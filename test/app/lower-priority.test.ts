import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

const module = new URL('../../src/app/lower-priority.ts', import.meta.url).href;
/** Prints the priority of the thread that was lowered, and that of the main thread. */
const script = `
  const { Worker } = require('node:worker_threads');
  const { getPriority } = require('node:os');
  const worker = new Worker(
    \`import(\${JSON.stringify(process.argv[1])}).then(({ lowerPriority }) => {
      lowerPriority();
      require('node:worker_threads').parentPort.postMessage(require('node:os').getPriority());
    })\`,
    { eval: true },
  );
  worker.once('message', (lowered) => console.log(lowered, getPriority()));`;

test.runIf(process.platform === 'linux').each([
  [0, '10 0'],
  [5, '15 5'],
  [15, '19 15'],
])(
  'a thread is lowered from where its process was started (nice %i), and no other one is',
  { timeout: 60_000 },
  async (given, priorities) => {
    const args = ['-n', String(given), process.execPath, '-e', script, module];
    const { stdout } = await promisify(execFile)('nice', args);
    expect(stdout.trim()).toBe(priorities);
  },
);
