import { Readable } from 'node:stream';

import { lcovParser } from '@friedemannsommer/lcov-parser';

import { describeError } from '../../errors.ts';
import type { CoverageReport, Figure } from './file-coverage.ts';
import type { JudgedReport } from './judgement.ts';
import { fileOf } from './places.ts';

type LcovFile = Pick<JudgedReport, 'text' | 'directory' | 'ranIn' | 'files'>;

/** Reads an LCOV tracefile by its counts of lines, functions and branches; a sentence for anything else. */
export async function readLcov(report: LcovFile): Promise<CoverageReport | string> {
  // A carriage return would become a part of the path.
  const text = report.text.replaceAll('\r', '');
  // The parser takes what is there for the whole of a file that ends too early.
  const isWhole = /^SF:/m.test(text) && /^end_of_record\s*$/.test(lastLineOf(text));
  if (!isWhole) return 'is no LCOV tracefile, or not a whole one: it ends without end_of_record.';
  const malformed = /^DA:(?![1-9]\d*,\d+(?:,|$)).*/m.exec(text)?.[0];
  if (malformed !== undefined) return `has a line that cannot be read: ${malformed.slice(0, 100)}`;
  const lines = new Map<string, Map<number, number>>();
  const functions = new Map<string, Map<string, number>>();
  const branches = new Map<string, Map<string, number>>();
  try {
    for (const section of await lcovParser({ from: Readable.from(chunksOf(text)) })) {
      const file = fileOf(section.path, report);
      // A file has a section for each test that reached it.
      add(lines, file, section.lines.details, ({ line }) => line);
      add(functions, file, section.functions.details, ({ name }) => name);
      add(branches, file, section.branches.details, ({ line, block, branch }) =>
        [line, block, branch].join(),
      );
    }
  } catch (error) {
    return `cannot be read: ${describeError(error, 200)}.`;
  }
  const figures = [...lines.keys()].map(
    (file) =>
      [
        file,
        { functions: figureOf(functions.get(file)), branches: figureOf(branches.get(file)) },
      ] as const,
  );
  return { lines, figures: new Map(figures) };
}

/** Bytes that are parsed at a time, so that deadlines are kept in between. */
const chunkBytes = 256 * 1024;

function* chunksOf(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += chunkBytes)
    yield bytes.subarray(start, start + chunkBytes);
}

function lastLineOf(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function add<K, T extends { readonly hit: number }>(
  all: Map<string, Map<K, number>>,
  file: string,
  details: readonly T[],
  keyOf: (detail: T) => K,
): void {
  const counts = all.get(file) ?? new Map<K, number>();
  all.set(file, counts);
  for (const detail of details) {
    const key = keyOf(detail);
    counts.set(key, (counts.get(key) ?? 0) + detail.hit);
  }
}

function figureOf(counts: ReadonlyMap<string, number> | undefined): Figure {
  const hits = [...(counts?.values() ?? [])];
  return { covered: hits.filter((hit) => hit > 0).length, total: hits.length };
}
