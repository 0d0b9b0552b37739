import path from 'node:path';

import { z } from 'zod';

import type { Finding } from '../../gate.ts';
import { relativeFile, parseReport } from '../reports.ts';

/** Reads the output of tsc with `--pretty false`; ignores other lines. tsc names files relative to `cwd`. */
export function parseTscOutput(text: string, { cwd, directory }: TscPlace) {
  /** Faults of the code. */
  const findings: Finding[] = [];
  /** Faults that kept the compiler from checking the code: in the configuration, or missing type packages. */
  const obstacles: Finding[] = [];
  for (const line of text.split(/\r?\n/)) {
    const finding = parseLine(line, { cwd, directory });
    if (finding) (isObstacle(finding) ? obstacles : findings).push(finding);
  }
  return { findings, obstacles };
}

function parseLine(line: string, { cwd, directory }: TscPlace): Finding | undefined {
  const located = /^(.+?)\((\d{1,9}),(\d{1,9})\): error (TS\d{1,6}): (.*)$/.exec(line);
  if (located) {
    const [, file = '', row, column, rule = '', message = ''] = located;
    return {
      file: relativeFile(directory, path.resolve(cwd, file)),
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
export const projectNotBuilt = 'TS6305';

/** Where the projects are read: the directory under check, or a copy of it. */
export interface TscPlace {
  /** Working directory of tsc, to which its output is relative. */
  readonly cwd: string;
  /** Directory that findings are relative to. */
  readonly directory: string;
}

/**
 * An error about no file, or one in the configuration: a broken tsconfig is reported with line and
 * column, exactly like a type error. A JSON file can also be an input of the program.
 */
function isObstacle({ file, rule }: Finding): boolean {
  if (file === null || rule === projectNotBuilt) return true;
  if (!file.endsWith('.json')) return false;
  return /(^|\/)[jt]sconfig[^/]*$/.test(file) || /^TS(5|6|17|18)\d{3}$/.test(rule ?? '');
}

/**
 * Reads the build information of a tsc run, the nearest thing it has to a report; undefined for anything else,
 * and for a program whose types were not checked. TypeScript up to 5.5 keeps it all under `program`.
 */
export function parseTscBuildInfo(text: string) {
  const parsed = parseReport(text, z.union([programInfo, z.object({ program: programInfo })]));
  const info = parsed && 'program' in parsed ? parsed.program : parsed;
  if (!info || info.checkPending) return undefined;
  return {
    /** Files of the project itself that were checked, not those they import. */
    files: info.root.reduce<number>((sum, entry) => sum + countOf(entry), 0),
    /** All files of the program, those it imports included, relative to the build information. */
    fileNames: info.fileNames,
    /** Errors the compiler recorded, whatever it said elsewhere; those of syntax count as one. */
    errors: info.semanticDiagnosticsPerFile.reduce<number>(
      (sum, entry) => sum + diagnosticsIn(entry),
      Number(info.errors),
    ),
  };
}

const programInfo = z.object({
  fileInfos: z.array(z.unknown()),
  fileNames: z.array(z.string()).default([]),
  // Numbers of files, or first and last of a row of them. TypeScript 7 leaves out what is empty.
  root: z.array(z.union([z.number(), z.string(), z.tuple([z.number(), z.number()])])).default([]),
  errors: z.boolean().default(false),
  checkPending: z.boolean().default(false),
  // A bare number is a file that was not checked again; a pair holds its diagnostics.
  semanticDiagnosticsPerFile: z.array(z.unknown()).default([]),
});

function countOf(entry: z.infer<typeof programInfo>['root'][number]): number {
  return Array.isArray(entry) ? Math.max(0, entry[1] - entry[0] + 1) : 1;
}

function diagnosticsIn(entry: unknown): number {
  return Array.isArray(entry) && Array.isArray(entry[1]) ? entry[1].length : 0;
}
