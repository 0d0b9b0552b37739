import { isAbsolute } from 'node:path';

import type { CoverageFigure } from '../names.ts';

/** Lines that can be executed, with how often each was, by file relative to the directory under check. */
export type FileLines = ReadonlyMap<string, ReadonlyMap<number, number>>;

export interface Figure {
  readonly covered: number;
  readonly total: number;
}

/** What a report of coverage says, whatever its format. */
export interface CoverageReport {
  readonly lines: FileLines;
  /** Figures beside lines that the report has, by file. */
  readonly figures: ReadonlyMap<string, Partial<Record<Exclude<CoverageFigure, 'lines'>, Figure>>>;
}

/** The report without files from elsewhere, which would hide what is not covered. */
export function ofProject({ lines, figures }: CoverageReport): CoverageReport {
  const isOwn = ([file]: readonly [string, unknown]) =>
    !isAbsolute(file) && !file.split('/').includes('node_modules');
  return {
    lines: new Map([...lines].filter(isOwn)),
    figures: new Map([...figures].filter(isOwn)),
  };
}

/** The sum over all files of each figure that the report has. */
export function totalsOf({
  lines,
  figures,
}: CoverageReport): Partial<Record<CoverageFigure, Figure>> {
  const totals: Partial<Record<CoverageFigure, Figure>> = {
    lines: sum([...lines.values()].map(lineFigure)),
  };
  for (const name of ['functions', 'branches', 'statements'] as const) {
    const each = [...figures.values()].flatMap((figure) => figure[name] ?? []);
    const total = sum(each);
    if (total.total > 0) totals[name] = total;
  }
  return totals;
}

export function lineFigure(lines: ReadonlyMap<number, number>): Figure {
  return { covered: [...lines.values()].filter((hits) => hits > 0).length, total: lines.size };
}

function sum(figures: readonly Figure[]): Figure {
  return {
    covered: figures.reduce((all, { covered }) => all + covered, 0),
    total: figures.reduce((all, { total }) => all + total, 0),
  };
}

/** Percent covered, rounded down to hundredths so that 84.999 does not read as 85; 100 of nothing. The product is exact, so 57 of 100 are 57. */
export function percentOf({ covered, total }: Figure): number {
  return total === 0 ? 100 : Math.floor((covered * 10_000) / total) / 100;
}
