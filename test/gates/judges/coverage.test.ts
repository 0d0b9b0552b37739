import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { changedCoverage } from '../../../src/gates/judges/changed-lines.ts';
import { readCobertura } from '../../../src/gates/judges/cobertura.ts';
import { judgeCoverage, type CoverageDemand } from '../../../src/gates/judges/coverage.ts';
import {
  ofProject,
  percentOf,
  totalsOf,
  type CoverageReport,
} from '../../../src/gates/judges/file-coverage.ts';
import { readLcov } from '../../../src/gates/judges/lcov.ts';
import { judged } from '../support/judged.ts';

const coveragePy = `<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM 'http://cobertura.sourceforge.net/xml/coverage-04.dtd'>
<coverage version="7.6" lines-valid="4" lines-covered="3" line-rate="0.75" branches-covered="1" branches-valid="2">
<sources><source>/repo/packages/api</source></sources>
<packages><package name="." line-rate="0.75"><classes><class name="b.py" filename="src/b.py"><methods/><lines>
<line number="1" hits="1"/><line number="2" hits="1" branch="true" condition-coverage="50% (1/2)" missing-branches="5"/>
<line number="3" hits="2"/><line number="5" hits="0"/></lines></class></classes></package></packages></coverage>`;

const jest = `TN:
SF:src/a.ts
FN:1,add
FN:5,sub
FNF:2
FNH:1
FNDA:2,add
FNDA:0,sub
DA:1,2
DA:2,2
DA:5,0
LF:3
LH:2
BRDA:2,0,0,1
BRDA:2,0,1,-
BRF:2
BRH:1
end_of_record
`;

/** The report, or the words that say why there is none. */
function whole(report: CoverageReport | string): CoverageReport {
  if (typeof report === 'string') throw new Error(report);
  return report;
}

test('a Cobertura report is read line by line, its files by the sources', () => {
  const report = whole(readCobertura(judged(coveragePy)));
  expect([...report.lines.keys()]).toEqual(['packages/api/src/b.py']);
  expect(totalsOf(report)).toEqual({
    lines: { covered: 3, total: 4 },
    branches: { covered: 1, total: 2 },
  });
});

test('two classes of a file, and lines in methods alone', () => {
  const one = (inner: string) => `<class filename="src/a.ts">${inner}</class>`;
  const text = `<coverage><packages><package><classes>${one('<lines><line number="1" hits="0"/></lines>')}${one(
    '<methods><method><lines><line number="1" hits="3"/><line number="2" hits="0"/></lines></method></methods>',
  )}</classes></package></packages></coverage>`;
  expect(totalsOf(whole(readCobertura(judged(text)))).lines).toEqual({ covered: 1, total: 2 });
});

test('an LCOV tracefile is read by its counts; sections of one file are added', async () => {
  for (const text of [jest, jest.replaceAll('\n', '\r\n')])
    expect(totalsOf(whole(await readLcov(judged(text))))).toEqual({
      lines: { covered: 2, total: 3 },
      functions: { covered: 1, total: 2 },
      branches: { covered: 1, total: 2 },
    });
  const twice = `${jest}TN:\nSF:/repo/src/a.ts\nDA:5,1\nend_of_record\n`;
  expect(totalsOf(whole(await readLcov(judged(twice)))).lines).toEqual({ covered: 3, total: 3 });
});

test.each([
  ['', 'is no LCOV tracefile, or not a whole one: it ends without end_of_record.'],
  [jest.slice(0, -20), 'is no LCOV tracefile, or not a whole one: it ends without end_of_record.'],
  ['SF:a\nDA:x,1\nend_of_record', 'has a line that cannot be read: DA:x,1'],
  ['SF:a\nDA:1,-1\nend_of_record', 'has a line that cannot be read: DA:1,-1'],
])('what is no tracefile is told: %j', async (text, why) => {
  expect(await readLcov(judged(text))).toBe(why);
});

test.each([
  ['<coverage', "cannot be read: Closing tag 'coverage' doesn't have proper closing."],
  ['<testsuites/>', 'is no Cobertura report: it has no element coverage.'],
  [
    '<coverage><packages><package><classes><class filename="src/a.ts"><lines><line number="0" hits="1"/></lines></class></classes></package></packages></coverage>',
    'names a line 0 with 1 hits in src/a.ts.',
  ],
])('what is no Cobertura report is told: %s', (text, why) => {
  expect(readCobertura(judged(text))).toMatch(text === '<coverage' ? /^cannot be read/ : why);
});

const all = (least: number) => ({
  lines: least,
  statements: least,
  functions: least,
  branches: least,
});
const lines = (hits: Readonly<Record<string, readonly number[]>>): CoverageReport => ({
  lines: new Map(
    Object.entries(hits).map(([file, each]) => [
      file,
      new Map(each.map((hit, index) => [index + 1, hit])),
    ]),
  ),
  figures: new Map(),
});

function judge(
  report: CoverageReport,
  demand: Partial<CoverageDemand> = {},
  more: Partial<Parameters<typeof judgeCoverage>[1]> = {},
) {
  const wanted = { thresholds: all(85), named: [], changed: undefined, ...demand };
  return judgeCoverage(report, {
    file: 'cov',
    exitCode: 0,
    demand: wanted,
    changes: undefined,
    ...more,
  });
}

describe('the verdict on coverage', () => {
  test('is passed when every figure that the report has reaches its threshold', () => {
    expect(judge(lines({ 'a.py': [1, 1, 1, 1, 1, 1, 0] }))).toEqual({
      status: 'passed',
      message: 'Covered: lines 85.71 %; 1 file measured.',
      details: { files: 1, lines: 85.71, linesThreshold: 85 },
    });
  });

  test('is failed below it, and names the files that lack most', () => {
    expect(judge(lines({ 'a.py': [1, 0], 'b.py': [0, 0, 1], 'c.py': [1] }))).toMatchObject({
      status: 'failed',
      message: 'Below the threshold: lines 50 % of 85 %.',
      findings: [
        { file: 'b.py', rule: 'lines', message: '1 of 3 lines covered.' },
        { file: 'a.py', rule: 'lines', message: '1 of 2 lines covered.' },
      ],
    });
  });

  test('is failed over no code at all, whatever the threshold', () => {
    expect(judge(lines({ 'a.py': [] }), { thresholds: all(0) })).toMatchObject({
      status: 'failed',
      message: 'Coverage was measured over no code at all.',
    });
  });

  test('is failed over tests alone; among others they are counted', () => {
    const hits = { 'tests/a.py': [1], 'src/a.test.ts': [1] };
    expect(judge(lines(hits))).toMatchObject({
      status: 'failed',
      message: 'Coverage was measured over tests alone: let the command measure the sources.',
    });
    expect(judge(lines({ ...hits, 'src/a.ts': [1] })).message).toBe(
      'Covered: lines 100 %; 3 files measured, 2 of them tests.',
    );
  });

  test.each([
    [57, 100, 57],
    [69, 100, 69],
    [84_999, 100_000, 84.99],
  ])('%i of %i lines are %f percent', (covered, total, percent) => {
    expect(percentOf({ covered, total })).toBe(percent);
  });

  test('does not count files from elsewhere', () => {
    const { lines: own } = ofProject(
      lines({ 'a.py': [0], '/usr/b.py': [1], 'node_modules/c.js': [1] }),
    );
    expect([...own.keys()]).toEqual(['a.py']);
  });

  test('is an error when a figure that somebody named is not in the report', () => {
    expect(judge(lines({ 'a.py': [1] }), { named: ['branches'] })).toMatchObject({
      status: 'error',
      message: 'cov has no branches: leave its threshold out, or let the command measure them.',
    });
  });

  test('is failed when the command did not end with 0', () => {
    expect(judge(lines({ 'a.py': [1] }), {}, { exitCode: 2 })).toMatchObject({
      status: 'failed',
      message: 'The command ended with exit code 2 although the coverage suffices.',
    });
  });
});

describe('the coverage of changed lines', () => {
  const report = lines({ 'a.py': [1, 0, 1, 0], 'old.py': [0, 0, 0] });
  const changes = (entries: Readonly<Record<string, readonly number[] | 'all'>>) =>
    new Map(
      Object.entries(entries).map(
        ([file, each]) => [file, each === 'all' ? each : new Set(each)] as const,
      ),
    );

  test.each([
    [{ 'a.py': [2, 3] }, 'failed', 'Below the threshold: changed lines 50 % of 85 % (1 of 2).'],
    [
      { 'a.py': [1, 3, 9] },
      'passed',
      'Covered: lines 28.57 %, changed lines 100 % (2 of 2); 2 files measured.',
    ],
    [
      { 'README.md': [1] },
      'passed',
      'Covered: lines 28.57 %, no changed executable line; 2 files measured.',
    ],
    [
      { 'new.py': 'all' },
      'passed',
      'Covered: lines 28.57 %, no changed executable line (1 changed file not measured); 2 files measured.',
    ],
    [{ 'a.py': 'all' }, 'failed', 'Below the threshold: changed lines 50 % of 85 % (2 of 4).'],
    [
      undefined,
      'passed',
      'Covered: lines 28.57 %, changed lines not judged, for want of a base to compare with (--base REF); 2 files measured.',
    ],
  ] as const)('%o', (entries, status, message) => {
    const demand = { thresholds: all(0), changed: 85 };
    const result = judge(report, demand, { changes: entries && changes(entries) });
    expect(result).toMatchObject({ status, message });
    if (status === 'failed')
      expect(result.findings?.[0]).toMatchObject({ file: 'a.py', line: 2, rule: 'changed-line' });
  });

  test('counts each changed executable line once, covered or missed', () => {
    const hits = fc.array(fc.nat(2), { maxLength: 30 });
    fc.assert(
      fc.property(hits, fc.uniqueArray(fc.nat(40)), (each, changed) => {
        const measured = lines({ 'a.py': each }).lines;
        const result = changedCoverage(changes({ 'a.py': changed }), measured);
        expect(result.covered + result.missed.length).toBe(result.executable);
        expect(result.executable).toBe(
          changed.filter((line) => line >= 1 && line <= each.length).length,
        );
      }),
    );
  });
});
