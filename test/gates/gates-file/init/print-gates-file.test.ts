import fc from 'fast-check';
import { format } from 'prettier';
import { expect, test } from 'vitest';

import { printGatesFile } from '../../../../src/gates/gates-file/init/print-gates-file.ts';

const text = fc.oneof(fc.string(), fc.constantFrom('npm ci', '", "', '[x]', 'a\\', 'b'.repeat(30)));
const file = fc.record(
  {
    install: fc.array(text, { minLength: 1, maxLength: 3 }),
    build: fc.array(fc.oneof(text, fc.record({ command: text, env: fc.constant({ A: '1' }) })), {
      minLength: 1,
      maxLength: 3,
    }),
    gates: fc.dictionary(
      fc.stringMatching(/^[a-z][a-z-]{0,9}$/),
      fc.record({ command: text, paths: fc.array(text, { minLength: 1, maxLength: 4 }) }),
      { minKeys: 1 },
    ),
  },
  { requiredKeys: ['gates'] },
);

test('a gates file is laid out as Prettier does, and says the same', async () => {
  await fc.assert(
    fc.asyncProperty(file, async (value) => {
      const printed = printGatesFile(value);
      expect(JSON.parse(printed)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(await format(printed, { parser: 'json' })).toBe(printed);
    }),
    { numRuns: 100 },
  );
});
