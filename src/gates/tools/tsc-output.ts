import type { Finding } from '../gate.ts';
import { relativeFile } from './relative-file.ts';

export interface TscOutput {
  /** Faults of the code. */
  readonly findings: readonly Finding[];
  /** Faults that kept the compiler from checking the code: in the configuration, or missing type packages. */
  readonly obstacles: readonly Finding[];
}

/** Reads the output of tsc with `--pretty false`; ignores other lines. */
export function parseTscOutput(text: string, directory: string): TscOutput {
  const findings: Finding[] = [];
  const obstacles: Finding[] = [];
  for (const line of text.split(/\r?\n/)) {
    const finding = parseLine(line, directory);
    if (finding) (isObstacle(finding) ? obstacles : findings).push(finding);
  }
  return { findings, obstacles };
}

function parseLine(line: string, directory: string): Finding | undefined {
  const located = /^(.+?)\((\d{1,9}),(\d{1,9})\): error (TS\d{1,6}): (.*)$/.exec(line);
  if (located) {
    const [, file = '', row, column, rule = '', message = ''] = located;
    return {
      file: relativeFile(directory, file),
      line: Number(row),
      column: Number(column),
      rule,
      message,
      severity: 'error',
    };
  }
  const [, rule, message = ''] = /^error (TS\d{1,6}): (.*)$/.exec(line) ?? [];
  if (rule === undefined) return undefined;
  return { file: null, line: null, column: null, rule, message, severity: 'error' };
}

/** Code at an import of a referenced project that was not built; `--noEmit` builds none. */
const projectNotBuilt = 'TS6305';

/**
 * An error about no file, or one in the configuration: a broken tsconfig is reported with line and
 * column, exactly like a type error. A JSON file can also be an input of the program.
 */
function isObstacle({ file, rule }: Finding): boolean {
  if (file === null || rule === projectNotBuilt) return true;
  if (!file.endsWith('.json')) return false;
  return /(^|\/)[jt]sconfig[^/]*$/.test(file) || /^TS(5|6|17|18)\d{3}$/.test(rule ?? '');
}
