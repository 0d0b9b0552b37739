import { expect, test } from 'vitest';

import { renderAnnotations } from '../../../src/cli/gates/annotations.ts';
import { withoutCommand } from '../../../src/cli/gates/ci.ts';
import { finding, gateResult, gatesReport, hostileText } from '../../support/gates-report.ts';

/** Reads a command as the runner of GitHub does. */
function readCommand(line: string): ReadonlyMap<string, string> {
  const [, name = '', list = '', data = ''] = /^::(\w+)(?: (.*?))?::(.*)$/.exec(line) ?? [];
  const decode = (text: string) =>
    ['%0D:\r', '%0A:\n', '%3A::', '%2C:,', '%25:%'].reduce(
      (read, pair) => read.replaceAll(pair.slice(0, 3), pair.slice(4)),
      text,
    );
  const properties = list.split(',').map((part): [string, string] => {
    const [key = '', value = ''] = part.split('=');
    return [key, decode(value)];
  });
  return new Map([['name', name], ...properties, ['message', decode(data)]]);
}

function commands(...results: Parameters<typeof gatesReport>[0]) {
  const lines = renderAnnotations('github', gatesReport(results)).trimEnd().split('\n');
  return lines.map((line) => Object.fromEntries(readCommand(line)));
}

test('a finding is a command with its place in the repository, whatever its text holds', () => {
  const hard = finding({
    file: 'src/a,b:c 100%.ts',
    rule: 'a:b,c',
    message: '100 %0A of x::y, z: w',
  });
  const [first] = commands(gateResult({ gate: 'lint', status: 'failed', findings: [hard] }));
  expect(first).toEqual({
    name: 'error',
    file: 'src/a,b:c 100%.ts',
    line: '3',
    col: '7',
    title: 'lint: a:b,c',
    message: '100 %0A of x::y, z: w',
  });
});

test('a gate without findings is told as a whole, one that does not count as a warning, others not', () => {
  expect(
    commands(
      gateResult(),
      gateResult({ gate: 'lint', status: 'skipped', counts: false }),
      gateResult({ gate: 'test', status: 'error', message: 'No vitest.' }),
      gateResult({ gate: 'e2e', status: 'failed', counts: false, message: 'Red.' }),
    ),
  ).toEqual([
    { name: 'error', title: 'test', message: 'No vitest.' },
    { name: 'warning', title: 'e2e', message: 'Red.' },
  ]);
});

test('GitHub gets no more than it shows: ten of each severity, of every file and rule first', () => {
  const findings = Array.from({ length: 60 }, (_, index) =>
    finding({ line: index + 1, severity: index % 2 === 0 ? 'error' : 'warning' }),
  );
  const rare = finding({ file: 'src/rare.ts', rule: 'rare' });
  const told = commands(gateResult({ status: 'failed', findings: [...findings, rare] }));
  expect(told.filter((command) => command['name'] === 'error')).toHaveLength(10);
  expect(told.filter((command) => command['name'] === 'warning')).toHaveLength(10);
  expect(told).toContainEqual(expect.objectContaining({ file: 'src/rare.ts' }));
});

test('Gitea, which shows no annotations, gets a folded list of all', () => {
  const findings = [finding(), finding({ file: null, rule: null, message: '::error::forged' })];
  const report = gatesReport([gateResult({ status: 'failed', findings, findingsOmitted: 3 })]);
  expect(renderAnnotations('gitea', report)).toBe(
    [
      '::group::build: 5 findings',
      "src/app.ts:3:7 Type 'string' is not assignable to type 'number'. (TS2322)",
      ': :error::forged',
      '::endgroup::',
      '',
    ].join('\n'),
  );
});

test('no text of a tool gives a command of its own', () => {
  const hostile = `${hostileText}\n::set-output name=x::y ##[add-mask]z`;
  const findings = [finding({ file: hostile, rule: hostile, message: hostile })];
  const report = gatesReport([gateResult({ status: 'failed', message: hostile, findings })]);
  for (const kind of ['github', 'gitea'] as const) {
    const lines = renderAnnotations(kind, report).trimEnd().split('\n');
    const own = lines.filter((line) => /^\s*::|##\[/.test(line));
    expect(own.every((line) => /^::(error |group::|endgroup::)/.test(line))).toBe(true);
  }
  expect(withoutCommand('  ::error::x\n a ##[debug]b\n x::y')).toBe(
    '  : :error::x\n a ## [debug]b\n x::y',
  );
});
