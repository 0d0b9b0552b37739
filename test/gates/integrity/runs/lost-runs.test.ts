import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { lostRuns, type RunTest } from '../../../../src/gates/integrity/runs/lost-runs.ts';

/** `a.test.ts: adds | subtracts -skipped` as tests; `-` marks one that did not run, `!` one that failed. */
function run(...files: string[]): RunTest[] {
  return files.flatMap((line) => {
    const [file = '', titles = ''] = line.split(': ');
    return titles.split(' | ').map((written): RunTest => {
      const status = written.startsWith('-')
        ? 'skipped'
        : written.startsWith('!')
          ? 'failed'
          : 'passed';
      const name = written.replace(/^[-!]/, '');
      return { file, name, title: name.split(' > ').at(-1) ?? name, status };
    });
  });
}

function brief(base: RunTest[], head: RunTest[], renames?: Record<string, string>): string[] {
  return lostRuns(base, head, new Map(Object.entries(renames ?? {}))).map(
    ({ kind, file, names, isCollected }) =>
      `${kind} ${file}${isCollected ? '' : ' (not collected)'}: ${names.join(' | ')}`,
  );
}

describe('tests are lost', () => {
  test.each<[string, RunTest[], RunTest[], Record<string, string>, string[]]>([
    ['a test gone', run('a: x | y'), run('a: x'), {}, ['lost a: y']],
    [
      'a file that is not collected',
      run('a: x | y'),
      run('b: z'),
      {},
      ['lost a (not collected): x | y'],
    ],
    [
      'a file renamed out of sight, with a weak test elsewhere',
      run('price.test: 1 | 2 | 3'),
      run('weak.test: w'),
      { 'price.test': 'price.spec' },
      ['lost price.spec (not collected): 1 | 2 | 3'],
    ],
    ['a test skipped', run('a: x | y'), run('a: x | -y'), {}, ['skipped a: y']],
    ['skipped in another file', run('a: x | y'), run('a: x', 'b: -y'), {}, ['skipped a: y']],
    ['skipped, with another in its place', run('a: x'), run('a: -x | z'), {}, ['skipped a: x']],
    ['fewer cases', run('a: n | n | n'), run('a: n'), {}, ['lost a: n | n']],
    [
      'what was skipped and now runs replaces nothing',
      run('a: x | -y'),
      run('a: y'),
      {},
      ['lost a: x'],
    ],
    [
      'the same title elsewhere belongs to another test',
      run('a: x', 'b: x'),
      run('b: x'),
      {},
      ['lost a (not collected): x'],
    ],
  ])('%s', (_title, base, head, renames, expected) => {
    expect(brief(base, head, renames)).toEqual(expected);
  });
});

describe('nothing is lost', () => {
  test.each<[string, RunTest[], RunTest[], Record<string, string>?]>([
    ['more tests', run('a: x'), run('a: x | y', 'b: z')],
    ['renamed', run('a: x | y'), run('b: x | y'), { a: 'b' }],
    ['renamed and retitled', run('a: x | y'), run('b: v | w'), { a: 'b' }],
    ['retitled', run('a: x | y'), run('a: x | z')],
    ['moved to another file', run('a: x | y', 'b: z'), run('a: x', 'b: z | y')],
    ['a file split in two', run('a: x | y | z'), run('a: x', 'b: y | z')],
    ['two files put together', run('a: x', 'b: y'), run('c: x | y')],
    ['put into a suite', run('a: x | y'), run('b: sums > x', 'c: sums > y')],
    ['a table of more cases', run('a: x | y'), run('a: case 1 | case 2 | case 3')],
    ['red now', run('a: x'), run('a: !x')],
    ['red on the base', run('a: !x | y'), run('a: y')],
    ['skipped on the base', run('a: -x | y'), run('a: y')],
    ['skipped on both sides, of the same name', run('a: -x', 'b: x'), run('a: -x', 'b: x')],
    ['a skipped test that became another', run('a: x | -y'), run('a: x | -z')],
    ['of many projects', run('a: x', 'a: x'), run('a: x', 'a: x')],
  ])('%s', (_title, base, head, renames) => {
    expect(brief(base, head, renames)).toEqual([]);
  });
});

const status = fc.constantFrom('passed', 'passed', 'passed', 'failed', 'skipped', 'todo');
const name = fc.constantFrom('x', 'y', 'sums > x', 'sums > y', 'z', 'constructor');
const file = fc.constantFrom('a', 'b', 'c');
const tests = fc.array(
  fc.record({ file, name, status }).map((test): RunTest => ({
    ...test,
    title: test.name.split(' > ').at(-1) ?? '',
  })),
  { maxLength: 30 },
);

describe('for any runs', () => {
  const passing = (all: readonly RunTest[]) => all.filter((one) => one.status === 'passed');
  const lostIn = (base: readonly RunTest[], head: readonly RunTest[]) =>
    lostRuns(base, head).flatMap(({ names }) => names);

  test('a run lost nothing to itself, in whatever order, nor to one with more tests', () => {
    fc.assert(
      fc.property(tests, tests, (base, more) => {
        expect(lostRuns(base, base.toReversed())).toEqual([]);
        expect(lostRuns(base, [...more, ...base])).toEqual([]);
      }),
    );
  });

  test('files under new names lose nothing', () => {
    fc.assert(
      fc.property(tests, (base) => {
        const moved = base.map((one) => ({ ...one, file: `test/${one.file}` }));
        const renames = new Map(base.map((one) => [one.file, `test/${one.file}`]));
        expect(lostRuns(base, moved, renames)).toEqual([]);
      }),
    );
  });

  test('tests under new titles in their file lose nothing', () => {
    fc.assert(
      fc.property(tests, (base) => {
        const retitled = base.map((one, at) => ({ ...one, name: `new ${at}`, title: `new ${at}` }));
        expect(lostRuns(base, retitled)).toEqual([]);
      }),
    );
  });

  test('at least as many are reported as the whole run has fewer, and none that did not pass', () => {
    fc.assert(
      fc.property(tests, tests, (base, head) => {
        const lost = lostIn(base, head);
        const ran = head.filter((one) => one.status === 'passed' || one.status === 'failed').length;
        expect(lost.length).toBeGreaterThanOrEqual(passing(base).length - ran);
        for (const title of lost) expect(passing(base).map((one) => one.name)).toContain(title);
      }),
    );
  });

  test('taking passed tests away reports exactly them', () => {
    fc.assert(
      fc.property(tests, fc.array(fc.nat()), (some, choices) => {
        const base = some.map((one) => ({ ...one, status: 'passed' }));
        const gone = new Set(choices.map((choice) => base[choice % base.length]));
        const head = base.filter((one) => !gone.has(one));
        expect(lostIn(base, head).length).toBe(base.length - head.length);
      }),
    );
  });

  test('a hundred thousand tests of one title are compared in time', () => {
    const many = Array.from({ length: 100_000 }, (): RunTest => ({
      file: 'a',
      name: 'x',
      status: 'passed',
    }));
    const skipped = many.map((one) => ({ ...one, status: 'skipped' }));
    expect(lostRuns(many, skipped)[0]?.names.length).toBe(100_000);
  });
});
