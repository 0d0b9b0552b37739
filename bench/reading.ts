/**
 * Measures what reading costs: for each shape of text the CPU time at several lengths, and how it grows.
 * `npm run bench -- reading [SHAPE]`: all shapes, or those whose name contains the words.
 */
import { readText } from '../src/reading/read-text.ts';
import { shapes, type Shape } from '../test/support/text-shapes.ts';

const lengths = [2, 8, 32, 128].map((kilobytes) => kilobytes * 1024);
const context = { agentNames: ['opus', 'sonnet'], trackerUrl: 'https://git.example.test' };
/** A shape that took this long is not tried at a greater length. */
const limitMs = 2_000;

function cpuMs(shape: Shape, length: number): number {
  const body = shape(length);
  const issue = { repository: 'acme/orbit', number: 500, title: '', body, bodyCut: false };
  const before = process.threadCpuUsage();
  readText(issue, context);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

const wanted = process.argv.slice(2).join(' ');
const rows = Object.entries(shapes)
  .filter(([name]) => name.includes(wanted))
  .map(([name, shape]) => {
    cpuMs(shape, 1024);
    const times: number[] = [];
    process.stderr.write(`${name}\n`);
    for (const length of lengths) {
      if ((times.at(-1) ?? 0) > limitMs) break;
      times.push(Math.min(cpuMs(shape, length), length > 8192 ? Infinity : cpuMs(shape, length)));
    }
    const [last = 0, before = 0] = times.toReversed();
    // Below some milliseconds the growth says nothing.
    const exponent = last < 20 ? null : Math.log(last / Math.max(before, 1)) / Math.log(4);
    return { name, times, exponent, last };
  })
  .sort((a, b) => b.last - a.last);
const cell = (text: string) => text.padStart(9);
const header = [...lengths.map((length) => `${length / 1024} KB`), 'exponent'].map(cell).join('');
process.stdout.write(`${'CPU ms'.padEnd(36)}${header}\n`);
for (const { name, times, exponent } of rows) {
  const columns = lengths.map((_, index) => times[index]?.toFixed(1) ?? '-');
  const growth = exponent === null ? '-' : exponent.toFixed(2);
  process.stdout.write(`${name.padEnd(36)}${[...columns, growth].map(cell).join('')}\n`);
}
