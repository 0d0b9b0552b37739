import { z } from 'zod';

import { parseReport } from './parse-report.ts';
import { relativeFile } from './relative-file.ts';

export const coverageFigures = ['lines', 'statements', 'functions', 'branches'] as const;
export type CoverageFigure = (typeof coverageFigures)[number];

export type Coverage = Readonly<Record<CoverageFigure, { covered: number; total: number }>>;

export interface CoverageSummary {
  readonly total: Coverage;
  /** By file, relative to the checkout. */
  readonly files: ReadonlyMap<string, Coverage>;
}

/** Reads `coverage-summary.json`; undefined for anything else. */
export function parseCoverageSummary(text: string, directory: string): CoverageSummary | undefined {
  const summary = parseReport(text, schema);
  const { total, ...files } = summary ?? {};
  if (!total) return undefined;
  return {
    total,
    files: new Map(
      Object.entries(files).map(([file, coverage]) => [relativeFile(directory, file), coverage]),
    ),
  };
}

/** Percent covered, rounded down to hundredths so that 84.999 does not read as 85; 100 of nothing. */
export function percent({ covered, total }: { covered: number; total: number }): number {
  return total === 0 ? 100 : Math.floor((covered / total) * 10_000) / 100;
}

const count = z.int().nonnegative();
const figure = z
  .object({ covered: count, total: count })
  .refine(({ covered, total }) => covered <= total);
const coverage = z.object({
  lines: figure,
  statements: figure,
  functions: figure,
  branches: figure,
});
const schema = z.record(z.string(), coverage);
