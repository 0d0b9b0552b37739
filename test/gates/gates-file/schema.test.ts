import { expect, test } from 'vitest';

import { GatesError } from '../../../src/gates/gates-error.ts';
import { parseGatesFile } from '../../../src/gates/gates-file/parse-gates-file.ts';

const parse = (value: unknown) => parseGatesFile(JSON.stringify(value), '.mosaic/gates.json');

function faultOf(value: unknown): string {
  try {
    parse(value);
  } catch (error) {
    if (error instanceof GatesError) return error.message;
  }
  return 'no fault';
}

test('built-in gates, commands and steps are told apart', () => {
  const file = parse({
    install: ['npm ci'],
    build: [{ command: ['npm', 'run', 'build'], in: 'packages/a', timeoutSeconds: 60 }],
    gates: {
      build: { tsconfig: ['tsconfig.app.json'] },
      lint: { command: 'uv run ruff check', sarif: 'ruff.sarif' },
      coverage: false,
      mypy: { command: 'uv run mypy .', optional: true },
      cover: { reportOf: 'lint', cobertura: 'coverage.xml', thresholds: 90 },
    },
  });
  expect(file.install).toEqual([{ command: 'npm ci', in: '.', env: {} }]);
  expect(file.build[0]).toMatchObject({ in: 'packages/a', timeoutSeconds: 60 });
  expect([...(file.gates ?? [])].map(([name, { kind }]) => [name, kind])).toEqual([
    ['build', 'built_in'],
    ['lint', 'command'],
    ['coverage', 'off'],
    ['mypy', 'command'],
    ['cover', 'command'],
  ]);
  expect(file.options.build.tsconfig).toEqual(['tsconfig.app.json']);
  expect(file.options.coverage).toEqual({ optional: false });
});

test.each([
  [{ gates: {} }, /gates is empty/],
  [{ gates: { lint: { path: ['src'] } } }, /gates\.lint: Unrecognized key: "path"/],
  [{ gates: { Lint: { command: 'x' } } }, /gates\.Lint.*lower-case/],
  [{ gates: { prepare: { command: 'x' } } }, /gates\.prepare: the name prepare is taken/],
  [{ gates: { ruff: {} } }, /gates\.ruff: needs either command or reportOf/],
  [{ gates: { a: { command: 'x', junit: 'a', sarif: 'b' } } }, /judged by one report/],
  [{ gates: { a: { command: 'x', thresholds: 85 } } }, /needs a report of coverage/],
  [{ gates: { a: { reportOf: 'b', lcov: 'c' } } }, /reportOf names b, which is no gate/],
  [{ gates: { lint: { paths: ['../other'] } } }, /gates\.lint\.paths\.0: must be relative/],
  [{ gates: { coverage: { thresholds: { lines: 101 } } } }, /gates\.coverage\.thresholds/],
  [{ instal: [] }, /Unrecognized key: "instal"/],
])('%j is refused with the place and the fault', (value, fault) => {
  expect(faultOf(value)).toMatch(fault);
});

test('a text that is not JSON is refused by the name of the file', () => {
  expect(() => parseGatesFile('{', '.mosaic/gates.json at main')).toThrow(
    /^\.mosaic\/gates\.json at main cannot be used: it is not JSON/,
  );
});
