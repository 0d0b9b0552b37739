import type { ToolRun } from '../gate.ts';

/** Maximum characters: enough for an error and its reason, and below what a message may hold. */
const limit = 800;

/**
 * What vitest or eslint says about its own problem, on one line, for people: from the first error on, without the warnings
 * above it, stack traces and frames of code.
 */
export function errorWords({
  stderr,
  stdout,
  exitCode,
}: Pick<ToolRun, 'stderr' | 'stdout' | 'exitCode'>): string {
  const lines = (stderr.trim() || stdout.trim()).split('\n');
  const first = lines.findIndex((line) => errorLine.test(line));
  const words = lines
    .slice(Math.max(0, first))
    .filter((line) => !noise.test(line))
    .map((line) => line.replaceAll(/⎯+/g, ''))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (words === '') return `exit code ${exitCode ?? 'unknown'}, no output`;
  return words.length > limit ? `${words.slice(0, limit - 1)}…` : words;
}

const errorLine =
  /^\s*(?:✘ \[ERROR\]|(?:[\w.]*Error\b[^:]{0,40}:)|MISSING DEPENDENCY|No test files found|⎯+\s*(?:Startup|Unhandled) Errors?)/;

/** Lines of a stack, frames of code, rules, the end of a printed object, warnings and the version of Node. */
const noise =
  /^\s*(?:at\s|❯\s|\d*\s*[│╷╵╭╰─┆|]|⎯*\s*(?:Startup|Unhandled) Errors?\s*⎯*$|⎯+$|[\^~]+$|errors: \[Getter|warnings: \[Getter|\}$|Node\.js v|throw new |\(node:\d+\) |\(Use `node )/;
