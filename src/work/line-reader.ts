import type { Readable } from 'node:stream';

/** Characters of one line that are kept; a longer line is left out. An event may hold a whole file. */
const lineLimit = 16 * 1024 * 1024;

/**
 * Calls `onLine` for every line of a stream, also the last without an end. A line above the limit is left out, so that
 * an agent cannot use up the memory of the runner.
 */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let pieces: string[] = [];
  let length = 0;
  function add(piece: string): void {
    length += piece.length;
    if (length <= lineLimit) pieces.push(piece);
    else pieces = [];
  }
  function end(): void {
    if (length > 0 && length <= lineLimit) onLine(pieces.join(''));
    pieces = [];
    length = 0;
  }
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const [first = '', ...others] = text.split('\n');
    add(first);
    for (const piece of others) {
      end();
      add(piece);
    }
  });
  stream.on('end', end);
}
