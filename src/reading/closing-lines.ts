import type { Passage } from './markdown/passage.ts';

/**
 * The passages up to the lines that the text ends with, and the place in the last of them where these begin. A
 * passage that the page does not show as the writer's own holds none.
 */
export function withoutClosingLines(
  passages: readonly Passage[],
  isClosing: (line: string) => boolean,
): [readonly Passage[], number] {
  for (let count = passages.length; count > 0; count -= 1) {
    const last = passages[count - 1];
    if (last === undefined) break;
    const { text, hidden } = last;
    if (hidden !== undefined) return [passages.slice(0, count), text.length];
    let to = text.trimEnd().length;
    while (to > 0) {
      const start = text.lastIndexOf('\n', to - 1) + 1;
      if (!isClosing(text.slice(start, to).trim())) break;
      to = Math.max(0, start - 1);
    }
    if (to > 0) return [passages.slice(0, count), to];
  }
  return [[], 0];
}
