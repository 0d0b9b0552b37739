import type { Finding } from '../gate.ts';
import { counted } from '../counted.ts';
import type { JudgedReport, Judgement } from './judgement.ts';
import { fileOf, placeIn } from './places.ts';
import { parseXml, type XmlElement } from './xml.ts';

/**
 * The verdict on a JUnit report: at least one test, none failed, and not all skipped. Figures are counted
 * from the test cases; those that the report states must agree with them, and so must the exit code.
 */
export function judgeJunit(report: JudgedReport): Judgement {
  const { file, text, exitCode } = report;
  const { roots: elements, problem } = parseXml(text);
  if (problem !== undefined)
    return { status: 'error', message: `${file} cannot be read: ${problem}.` };
  const roots = suitesOf(elements);
  if (roots.length === 0)
    return { status: 'error', message: `${file} is no JUnit report: it has no testsuite.` };
  const cases = roots.flatMap((suite) => casesOf(suite));
  const count = (outcome: Outcome) => cases.filter((each) => each.outcome === outcome).length;
  const [failed, errors, skipped] = [count('failed'), count('error'), count('skipped')];
  const passed = cases.length - failed - errors - skipped;
  const details = { total: cases.length, passed, failed: failed + errors, skipped };
  const findings = cases.flatMap((each) => findingOf(each, report));
  if (failed + errors > 0) {
    const message = `${failed + errors} of ${counted(cases.length, 'test')} failed.`;
    return { status: 'failed', message, details, findings };
  }
  if (cases.length === 0) {
    return { status: 'failed', message: `${file} holds no test.${endedWith(exitCode)}`, details };
  }
  if (passed === 0) {
    const message = `None of ${counted(cases.length, 'test')} passed: all were skipped.`;
    return { status: 'failed', message, details };
  }
  const dispute = roots.map(disputeIn).find((text) => text !== undefined);
  if (dispute !== undefined) {
    // Some tools count a file that did not load, and list no test for it.
    const status = exitCode === 0 ? 'error' : 'failed';
    const message = `${file} contradicts itself: ${dispute}.${endedWith(exitCode)}`;
    return { status, message, details };
  }
  if (exitCode !== 0) {
    const message = `The command ended with exit code ${exitCode} although no test failed.`;
    return { status: 'failed', message, details };
  }
  const left = skipped > 0 ? `, ${skipped} skipped` : '';
  const message = `${passed} of ${counted(cases.length, 'test')} passed${left}.`;
  return { status: 'passed', message, details };
}

function endedWith(exitCode: number): string {
  return exitCode === 0 ? '' : ` The command ended with exit code ${exitCode}.`;
}

type Outcome = 'passed' | 'failed' | 'error' | 'skipped';

interface TestCase {
  readonly element: XmlElement;
  /** Names of the suites around it, outermost first. */
  readonly suites: readonly XmlElement[];
  readonly outcome: Outcome;
}

/** The outermost elements: `testsuites`, or `testsuite` where a tool writes one alone. */
function suitesOf(root: XmlElement['children']): readonly XmlElement[] {
  return [...(root['testsuites'] ?? []), ...(root['testsuite'] ?? [])];
}

function innerSuites({ children }: XmlElement): readonly XmlElement[] {
  return [...(children['testsuite'] ?? []), ...(children['testsuites'] ?? [])];
}

function casesOf(suite: XmlElement, around: readonly XmlElement[] = []): readonly TestCase[] {
  const suites = [...around, suite];
  return [
    ...(suite.children['testcase'] ?? [])
      .map((element) => ({ ...{ element, suites }, outcome: outcomeOf(element) }))
      .filter((testCase) => !isFile(testCase)),
    ...innerSuites(suite).flatMap((inner) => casesOf(inner, suites)),
  ];
}

/** node:test reports a file that holds no test as one passed case with the path of the file. */
function isFile({ element: { attributes }, outcome }: TestCase): boolean {
  const { name, classname, file } = attributes;
  return outcome === 'passed' && classname === 'test' && name !== undefined && name === file;
}

/** GoogleTest and CTest say in attributes that a test was not run. */
const notRun = ['notrun', 'disabled', 'skipped', 'suppressed', 'ignored'];
const notPassed = ['failed', 'failure', 'fail', 'error'];

function outcomeOf({ children, attributes }: XmlElement): Outcome {
  if (children['error'] !== undefined) return 'error';
  if (children['failure'] !== undefined) return 'failed';
  const stated = [attributes['status'], attributes['result']].map((text) => text?.toLowerCase());
  if (stated.some((text) => text !== undefined && notPassed.includes(text))) return 'failed';
  if (children['skipped'] !== undefined) return 'skipped';
  return stated.some((text) => text !== undefined && notRun.includes(text)) ? 'skipped' : 'passed';
}

/**
 * What a suite states against what it holds, when nothing failed. Tools count differently: all cases below, those of the suite
 * itself, or those with the suites in it (node:test).
 */
function disputeIn(suite: XmlElement): string | undefined {
  const below = casesOf(suite).length;
  const own = suite.children['testcase']?.length ?? 0;
  const inner = innerSuites(suite);
  const stated = (name: string) => {
    const value = suite.attributes[name]?.trim() ?? '';
    return /^\d+$/.test(value) ? Number(value) : undefined;
  };
  const tests = stated('tests');
  if (tests !== undefined && ![below, own, own + inner.length].includes(tests))
    return `it states ${counted(tests, 'test')} and holds ${below}`;
  const failures = (stated('failures') ?? 0) + (stated('errors') ?? 0);
  if (failures > 0) return `it states ${counted(failures, 'failure')} and holds none`;
  return inner.map(disputeIn).find((text) => text !== undefined);
}

/** Maximum characters of what a test says about its failure. */
const maxMessage = 500;

function findingOf({ element, suites, outcome }: TestCase, report: JudgedReport): Finding[] {
  if (outcome !== 'failed' && outcome !== 'error') return [];
  const { classname = '', name = '' } = element.attributes;
  const [problem] = [...(element.children['error'] ?? []), ...(element.children['failure'] ?? [])];
  const said = problem?.attributes['message']?.trim() ?? '';
  const text = problem?.text.trim() ?? '';
  const faults = compilerFaults(text, report);
  if (faults.length > 0) return faults;
  const title = [classname, name].filter((part) => part !== '').join(' ');
  const message = `${title}: ${said === '' ? text : said}`.slice(0, maxMessage);
  return [
    { ...placeOf({ element, suites, text }, report), rule: null, message, severity: 'error' },
  ];
}

/** mypy puts all that it found into one case: lines such as `src/a.py:5: error: Name "x" is not defined  [name-defined]`. */
function compilerFaults(text: string, report: JudgedReport): Finding[] {
  return [...text.matchAll(/^(\S[^:\n]*):(\d{1,9})(?::(\d{1,9}))?: error: (.*)$/gm)].flatMap(
    ([, path = '', line, column, said = '']) => {
      const file = fileOf(path, report);
      if (!report.files.has(file)) return [];
      const [ending, rule = null] = /\[([\w-]{1,100})\]$/.exec(said) ?? [''];
      const message = said.slice(0, said.length - ending.length).trimEnd();
      return {
        file,
        line: Number(line),
        column: column === undefined ? null : Number(column),
        rule,
        message: message.slice(0, maxMessage),
        severity: 'error',
      };
    },
  );
}

function placeOf(
  { element, suites, text }: Pick<TestCase, 'element' | 'suites'> & { readonly text: string },
  report: JudgedReport,
): Pick<Finding, 'file' | 'line' | 'column'> {
  const found = placeIn(text, report);
  const holders = [element, ...suites.toReversed()];
  const named = holders
    .flatMap(({ attributes }) => [attributes['file'], attributes['filepath']])
    .find((path) => path !== undefined && path !== '');
  if (named === undefined) return { file: null, line: null, ...found, column: null };
  const file = fileOf(named, report);
  // The text names the line of the failure, the attribute that of the test.
  if (found?.file === file) return { ...found, column: null };
  const line = Number(element.attributes['line'] ?? 0);
  return { file, line: Number.isInteger(line) && line > 0 ? line : null, column: null };
}
