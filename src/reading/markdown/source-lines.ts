/** One line of the source with its place. */
export interface SourceLine {
  readonly start: number;
  readonly text: string;
}

export function splitLines(text: string): SourceLine[] {
  const lines: SourceLine[] = [];
  let start = 0;
  for (const { index, 0: ending } of text.matchAll(/\r\n|\r|\n/g)) {
    lines.push({ start, text: text.slice(start, index) });
    start = index + ending.length;
  }
  lines.push({ start, text: text.slice(start) });
  return lines;
}

/** The place in the source of each line of a block: the line without its indentation and markers. */
export function lineOffsets(
  content: string,
  first: number,
  lines: readonly SourceLine[],
): Offset[] {
  let at = 0;
  return content.split('\n').map((text, index) => {
    const line = lines[first + index];
    const column = line?.text.lastIndexOf(text) ?? -1;
    const offset = {
      content: at,
      source: line === undefined || column < 0 ? -1 : line.start + column,
    };
    at += text.length + 1;
    return offset;
  });
}

/** A place from which content and source are equal; source -1: not found. */
export interface Offset {
  readonly content: number;
  readonly source: number;
}
