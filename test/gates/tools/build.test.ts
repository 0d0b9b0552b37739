import { describe, expect, it } from 'vitest';

import { buildVerdict } from '../../../src/gates/tools/build.ts';
import { parseTscBuildInfo, parseTscOutput } from '../../../src/gates/tools/tsc/output.ts';
import { tsconfigReferences } from '../../../src/gates/tools/tsc/projects.ts';
import { judgeProject, type ProjectRun } from '../../../src/gates/tools/tsc/run.ts';
import { madeRun, unfinishedRuns } from '../support/made-run.ts';

const checked = JSON.stringify({ fileNames: ['lib.d.ts', 'a.ts'], fileInfos: [{}, {}], root: [2] });
const nothing = JSON.stringify({ fileInfos: [], options: {} });

function project(changes: Partial<ProjectRun> = {}): ProjectRun {
  return {
    project: 'tsconfig.json',
    run: madeRun(),
    buildInfo: checked,
    infoDirectory: '/repo',
    ...changes,
  };
}

const place = { cwd: '/repo', directory: '/repo' };

const judge = (...runs: ProjectRun[]) =>
  buildVerdict(runs.map((each) => ({ ...judgeProject(place, each), project: each.project })));

describe('the verdict on tsc', () => {
  it.each([1, 2])('fails for a type error, with exit code %i', (exitCode) => {
    const stdout = "src/a.ts(3,7): error TS2322: Type 'string' is not assignable.\n  More.\n";
    expect(judge(project({ run: madeRun({ exitCode, stdout }) }))).toEqual({
      status: 'failed',
      message: '1 error found.',
      faults: 1,
      details: { errors: 1, projects: 1 },
      findings: [
        {
          file: 'src/a.ts',
          line: 3,
          column: 7,
          rule: 'TS2322',
          message: "Type 'string' is not assignable.",
          severity: 'error',
        },
      ],
    });
  });

  it('counts the errors that the output had no room for', () => {
    const run = madeRun({ exitCode: 2, stdout: 'a.ts(1,1): error TS2322: No.' });
    const buildInfo = '{"fileInfos":[],"root":[1],"semanticDiagnosticsPerFile":[[1,[{},{}]],2]}';
    expect(judge(project({ run, buildInfo })).message).toBe('2 errors found.');
  });

  it.each([
    ['no inputs', "error TS18003: No inputs were found in config file 'tsconfig.json'."],
    ['no project', "error TS5058: The specified path does not exist: 'tsconfig.json'."],
    ['an option nobody knows', "tsconfig.json(1,21): error TS5023: Unknown compiler option 'x'."],
    ['a broken tsconfig', "tsconfig.json(2,1): error TS1005: '}' expected."],
    ['an option of a base configuration', 'base.json(2,1): error TS5101: Deprecated.'],
    ['missing type packages', "error TS2688: Cannot find type definition file for 'node'."],
    [
      'missing type packages beside what they lead to',
      "a.ts(1,1): error TS2304: Cannot find name.\nerror TS2688: Cannot find 'node'.",
    ],
    [
      'a referenced project that was not built',
      "b.ts(1,1): error TS6305: Output file 'a/dist/one.d.ts' has not been built from source file 'a/one.ts'.",
    ],
    ['another language', 'Segmentation fault'],
    ['silence', ''],
  ])('is an error for %s', (_, stdout) => {
    expect(judge(project({ run: madeRun({ exitCode: 2, stdout }) })).status).toBe('error');
  });

  it.each(unfinishedRuns)('knows a run that did not end: %j', (run, status) => {
    expect(judge(project({ run: madeRun(run) })).status).toBe(status);
  });

  it.each([
    ['names no file', nothing, 'names no file'],
    ['is missing', undefined, 'missing or not readable'],
    ['is garbage', '{"root":', 'missing or not readable'],
    [
      'holds an error',
      '{"fileInfos":[],"root":[1],"semanticDiagnosticsPerFile":[1,[2,[{"code":2322}]]]}',
      'of errors',
    ],
    ['says there are errors', '{"fileInfos":[],"root":[1],"errors":true}', 'of errors'],
  ])('does not pass on exit code 0 when the build information %s', (_, buildInfo, message) => {
    const verdict = judge(project({ buildInfo }));
    expect(verdict.status).toBe('error');
    expect(verdict.message).toContain(message);
  });

  it('passes with the files of all projects counted', () => {
    const references = project({ buildInfo: nothing });
    expect(judge(references, project(), project({ buildInfo: checked }))).toEqual({
      status: 'passed',
      message: '2 files checked, no error.',
      details: { errors: 0, files: 2, projects: 3 },
    });
  });

  it('fails for an error in a referenced project', () => {
    const run = madeRun({ exitCode: 2, stdout: 'app/a.ts(1,1): error TS2322: No.' });
    expect(judge(project(), project({ run })).status).toBe('failed');
  });
});

it('counts the files of build information in every way it is written', () => {
  expect(parseTscBuildInfo('{"fileInfos":[],"root":[7,[9,11],"a.ts"]}')?.files).toBe(5);
  expect(parseTscBuildInfo('{"fileInfos":[],"root":[[4,1]]}')?.files).toBe(0);
  expect(parseTscBuildInfo('{"root":[1]}')).toBeUndefined();
});

it('reads build information of TypeScript up to 5.5, and none of a program that was not checked', () => {
  const program = { fileNames: ['lib.d.ts', 'a.ts'], fileInfos: [{}, {}], root: [2] };
  expect(parseTscBuildInfo(JSON.stringify({ program, version: '5.4.5' }))).toEqual({
    files: 1,
    fileNames: ['lib.d.ts', 'a.ts'],
    errors: 0,
  });
  expect(parseTscBuildInfo(JSON.stringify({ ...program, checkPending: true }))).toBeUndefined();
});

it('leaves unused variables, which have a code of the options, to the author', () => {
  const { findings, obstacles } = parseTscOutput("src/a(1).ts(1,7): error TS6133: 'x'.", place);
  expect(findings.map(({ file }) => file)).toEqual(['src/a(1).ts']);
  expect(obstacles).toEqual([]);
});

it.each([
  [
    '{"files":[],"references":[{"path":"./app"},{"path":"lib/tsconfig.json"}]}',
    ['./app', 'lib/tsconfig.json'],
  ],
  ['{\n// why\n"references": [{ "path": "a", },], }', ['a']],
  ['{"references":[{"prepend":true},3,null]}', []],
  ['{"include":["src"]}', []],
  ['[]', []],
  ['{"references"', []],
])('reads the references of %j', (text, references) => {
  expect(tsconfigReferences(text)).toEqual(references);
});
