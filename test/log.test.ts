import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { createLogger, escapeDeceptive } from '../src/log.ts';

const lineSchema = z.looseObject({ text: z.string() });

function logged(text: string): string {
  let written = '';
  const log = createLogger('info', { write: (line) => (written += line) });
  log.info({ text, nested: { [text]: text } }, text);
  return written;
}

// L3: C1 and marks of direction reached the terminal of whoever reads the log.
const deceptive: [string, string][] = [
  ['a C1 control sequence', '\u009b31m'],
  ['DEL', '\u007f'],
  ['a change of direction', '\u202etxt.exe'],
  ['an isolate', '\u2066a\u2069'],
  ['a zero-width space', 'a\u200bb'],
  ['a joiner', 'a\u200db'],
  ['a byte order mark', '\ufeffa'],
  ['a soft hyphen', 'a\u00adb'],
  ['a word joiner', 'a\u2060b'],
  ['a line separator', 'a\u2028b'],
  ['a Hangul filler', 'a\u3164b'],
  ['a variation selector', 'a\ufe0fb'],
  ['tag characters', 'a\u{e0041}b'],
];

test.each(deceptive)('%s is escaped in any field, and the value stays', (_name, text) => {
  const line = logged(text);
  expect(line).toMatch(/^[^\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]*\n$/u);
  expect(lineSchema.parse(JSON.parse(line)).text).toBe(text);
});

test('any text comes back as it was, on one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const line = logged(text);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(lineSchema.parse(JSON.parse(line)).text).toBe(text.toWellFormed());
    }),
  );
});

test('what people write stays readable', () => {
  expect(escapeDeceptive('{"title":"Größe, 大きさ, размер"}\n')).toBe(
    '{"title":"Größe, 大きさ, размер"}\n',
  );
});
