import { isAbsolute, join } from 'node:path';

import type { CoverageReport, Figure } from './file-coverage.ts';
import type { JudgedReport } from './judgement.ts';
import { fileOf } from './places.ts';
import { parseXml, type XmlElement } from './xml.ts';

type CoberturaFile = Pick<JudgedReport, 'text' | 'directory' | 'ranIn' | 'files'>;

/** Reads a Cobertura report line by line; a sentence for anything else. Its own totals are not looked at. */
export function readCobertura(report: CoberturaFile): CoverageReport | string {
  const { roots, problem } = parseXml(report.text);
  if (problem !== undefined) return `cannot be read: ${problem}.`;
  const coverage = roots['coverage']?.[0];
  if (coverage === undefined) return 'is no Cobertura report: it has no element coverage.';
  const sources = below(coverage, ['sources', 'source']).map(({ text }) => text.trim());
  const lines = new Map<string, Map<number, number>>();
  const branches = new Map<string, Map<number, Figure>>();
  for (const element of below(coverage, ['packages', 'package', 'classes', 'class'])) {
    const file = sourceFile(element.attributes['filename'] ?? '', sources, report);
    const hitsOf = lines.get(file) ?? new Map<number, number>();
    const branchesOf = branches.get(file) ?? new Map<number, Figure>();
    lines.set(file, hitsOf);
    branches.set(file, branchesOf);
    for (const { attributes } of linesOf(element)) {
      const [number, hits] = [Number(attributes['number']), Number(attributes['hits'])];
      if (!Number.isInteger(number) || number < 1 || !(hits >= 0))
        return `names a line ${attributes['number'] ?? ''} with ${attributes['hits'] ?? 'no'} hits in ${file}.`;
      // Several classes of a file may hold a line.
      hitsOf.set(number, Math.max(hits, hitsOf.get(number) ?? 0));
      const figure = branchFigure(attributes['condition-coverage'] ?? '');
      const known = branchesOf.get(number);
      if (figure !== undefined && (known === undefined || figure.covered > known.covered))
        branchesOf.set(number, figure);
    }
  }
  const figures = [...branches].map(
    ([file, each]) => [file, { branches: sum([...each.values()]) }] as const,
  );
  return { lines, figures: new Map(figures) };
}

function below(element: XmlElement, names: readonly string[]): readonly XmlElement[] {
  return names.reduce<readonly XmlElement[]>(
    (elements, name) => elements.flatMap(({ children }) => children[name] ?? []),
    [element],
  );
}

/** The lines of a class, among them those of its methods; some tools list the latter alone. */
function linesOf(element: XmlElement): readonly XmlElement[] {
  const own = below(element, ['lines', 'line']);
  return own.length > 0 ? own : below(element, ['methods', 'method', 'lines', 'line']);
}

/** `50% (1/2)`: conditions of one line. */
function branchFigure(text: string): Figure | undefined {
  const [, covered, total] = /\((\d+)\/(\d+)\)/.exec(text) ?? [];
  return covered === undefined || total === undefined
    ? undefined
    : { covered: Math.min(Number(covered), Number(total)), total: Number(total) };
}

function sum(figures: readonly Figure[]): Figure {
  return figures.reduce(
    (all, { covered, total }) => ({ covered: all.covered + covered, total: all.total + total }),
    { covered: 0, total: 0 },
  );
}

/** A file name is relative to one of the sources; the first under which the project has it. */
function sourceFile(name: string, sources: readonly string[], report: CoberturaFile): string {
  if (isAbsolute(name)) return fileOf(name, report);
  const candidates = ['', ...sources].map((source) => fileOf(join(source, name), report));
  return candidates.find((file) => report.files.has(file)) ?? candidates.at(-1) ?? name;
}
