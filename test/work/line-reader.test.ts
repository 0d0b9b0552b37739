import { PassThrough } from 'node:stream';

import { expect, test } from 'vitest';

import { readLines } from '../../src/work/line-reader.ts';

function linesOf(...chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return new Promise((resolve) => stream.on('end', () => resolve(lines)));
}

test('lines come whole, however they are cut, the last without an end too', async () => {
  expect(await linesOf('on', 'e\ntwo\n\nth', 'ree')).toEqual(['one', 'two', 'three']);
  const umlaut = Buffer.from('ä\n');
  expect(await linesOf(umlaut.subarray(0, 1), umlaut.subarray(1))).toEqual(['ä']);
});

test('a line of more than 16 million characters is left out, the next is read', async () => {
  const part = 'x'.repeat(1024 * 1024);
  expect(await linesOf(...Array<string>(17).fill(part), '\nnext\n')).toEqual(['next']);
});
