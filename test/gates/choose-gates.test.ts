import { expect, test } from 'vitest';

import { chooseGates, type Choice } from '../../src/gates/choose-gates.ts';
import { noGatesFile, parseGatesFile } from '../../src/gates/gates-file/parse-gates-file.ts';

const base: Choice = { names: undefined, file: noGatesFile, base: undefined, timeoutMs: 1_000 };

function choose(given: Partial<Choice>, gates?: object) {
  const file = gates && parseGatesFile(JSON.stringify({ gates }), 'gates.json');
  return chooseGates({ ...base, ...(file && { file }), ...given });
}

const names = (choice: ReturnType<typeof choose>) => choice.chosen.map(({ name }) => name);

test('without a gates file the four gates, and with a base integrity; nobody asked for a tool', () => {
  expect(names(choose({}))).toEqual(['build', 'lint', 'test', 'coverage']);
  const withBase = choose({ base: 'main' });
  expect(names(withBase)).toEqual(['build', 'lint', 'test', 'coverage', 'integrity']);
  expect(withBase.chosen.every(({ asked }) => !asked)).toBe(true);
});

test('a gates file chooses its own gates, in its order, and each was asked for', () => {
  const gates = { mypy: { command: 'mypy .', timeoutSeconds: 9 }, lint: {}, test: false };
  const choice = choose({ base: 'main' }, gates);
  expect(names(choice)).toEqual(['lint', 'integrity', 'mypy']);
  expect(choice.off).toEqual(['test']);
  expect(choice.chosen.map(({ asked }) => asked)).toEqual([true, false, true]);
  expect(choice.chosen[2]).toMatchObject({ timeoutMs: 9_000, command: { command: 'mypy .' } });
});

test('the command line chooses among both, also what the file switches off', () => {
  const choice = choose({ names: ['ruff', 'test'] }, { ruff: { command: 'ruff' }, test: false });
  expect(names(choice)).toEqual(['test', 'ruff']);
  expect(choice.off).toEqual([]);
});

test.each([
  [{ names: ['bogus'] }, /There is no gate bogus: choose from build, lint, test, coverage/],
  [{ names: ['integrity'] }, /needs a git ref/],
  [{ names: [] }, /No gate was chosen/],
])('%j is refused', (given, fault) => {
  expect(() => choose(given)).toThrow(fault);
});
