import { onTestFinished } from 'vitest';

/** Lines that are printed when the test is over, also when it fails. */
export function createFigures(title: string) {
  const lines: string[] = [];
  onTestFinished(() => void process.stdout.write(`${[title, ...lines].join('\n  ')}\n`));
  return { add: (line: string) => void lines.push(line) };
}
