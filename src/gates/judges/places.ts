import { isAbsolute, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { relativeFile } from '../tools/reports.ts';
import type { JudgedReport } from './judgement.ts';

type Places = Pick<JudgedReport, 'directory' | 'ranIn' | 'files'>;

/** A file as a report names it (absolute, relative, `file:` URL), as findings name it. */
export function fileOf(named: string, { directory, ranIn, files }: Places): string {
  const path = pathOf(named);
  if (isAbsolute(path)) return relativeFile(directory, path);
  const fromThere = relativeFile(directory, resolve(ranIn, path));
  if (files.has(fromThere)) return fromThere;
  const fromTop = normalize(path);
  return files.has(fromTop) ? fromTop : fromThere;
}

function pathOf(named: string): string {
  if (!named.startsWith('file:')) return named;
  try {
    return fileURLToPath(named);
  } catch {
    return named;
  }
}

/** Maximum characters of a text that are searched for a place. */
const searchedLength = 20_000;

/** The first file of the project with a line that a text names, such as a stack trace. */
export function placeIn(
  text: string,
  places: Places,
): { readonly file: string; readonly line: number } | undefined {
  const found = text
    .slice(0, searchedLength)
    .matchAll(/(?<![\w@./+-])(?<path>[\w@./+-]{1,300}\.\w{1,10}):(?<line>\d{1,7})/g);
  for (const { groups } of found) {
    const file = fileOf(groups?.['path'] ?? '', places);
    if (places.files.has(file)) return { file, line: Number(groups?.['line']) };
  }
  return undefined;
}
