import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The measurements, one file each: `npm run bench -- ack`. Further arguments go to the measurement. */
const benches = [
  'ack',
  'claims',
  'eval',
  'eval-model',
  'fleet',
  'gates',
  'graph',
  'pages',
  'reading',
  'replicas',
  'simulate-work',
  'soak',
  'unsigned',
];

const [name = '', ...args] = process.argv.slice(2);
if (benches.includes(name)) {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], { stdio: 'inherit' });
  await once(child, 'exit');
  process.exitCode = child.exitCode ?? 1;
} else {
  process.stderr.write(`Usage: npm run bench -- <name>, one of: ${benches.join(', ')}\n`);
  process.exitCode = 2;
}
