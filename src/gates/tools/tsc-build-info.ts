import { z } from 'zod';

import { parseReport } from './parse-report.ts';

export interface TscBuildInfo {
  /** Files of the project itself that were checked, not those they import. */
  readonly files: number;
  /** Errors the compiler recorded, whatever it said elsewhere; those of syntax count as one. */
  readonly errors: number;
}

/** Reads the build information of a tsc run, the nearest thing it has to a report; undefined for anything else. */
export function parseTscBuildInfo(text: string): TscBuildInfo | undefined {
  const info = parseReport(text, buildInfo);
  if (!info) return undefined;
  return {
    files: info.root.reduce<number>((sum, entry) => sum + countOf(entry), 0),
    errors: info.semanticDiagnosticsPerFile.reduce<number>(
      (sum, entry) => sum + diagnosticsIn(entry),
      Number(info.errors),
    ),
  };
}

const buildInfo = z.object({
  fileInfos: z.array(z.unknown()),
  // Numbers of files, or first and last of a row of them. TypeScript 7 leaves out what is empty.
  root: z.array(z.union([z.number(), z.string(), z.tuple([z.number(), z.number()])])).default([]),
  errors: z.boolean().default(false),
  // A bare number is a file that was not checked again; a pair holds its diagnostics.
  semanticDiagnosticsPerFile: z.array(z.unknown()).default([]),
});

function countOf(entry: z.infer<typeof buildInfo>['root'][number]): number {
  return Array.isArray(entry) ? Math.max(0, entry[1] - entry[0] + 1) : 1;
}

function diagnosticsIn(entry: unknown): number {
  return Array.isArray(entry) && Array.isArray(entry[1]) ? entry[1].length : 0;
}
