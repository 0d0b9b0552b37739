import XMLBuilder from 'fast-xml-builder';

import type { Finding, GateResult } from '../../gates/gate.ts';
import type { GatesReport } from '../../gates/report.ts';
import { describeFinding, formatMessage, formatPlace } from './text.ts';

interface Case {
  readonly '@classname': string;
  readonly '@name': string;
  readonly '@file'?: string;
  readonly failure?: Outcome;
  readonly error?: Outcome;
  readonly skipped?: Outcome;
}
interface Outcome {
  readonly '@message': string;
  readonly '@type': string;
  readonly '#text'?: string;
}

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressEmptyNode: true,
  format: true,
  attributeValueProcessor: (_name, value) => legal(String(value)),
  tagValueProcessor: (_name, value) => legal(String(value)),
});

/**
 * JUnit XML, a suite a gate. Each finding of a failed gate is a failed case; whatever else a gate came to is
 * one case with its name: passed, failed, in error or skipped, as is all that does not count.
 */
export function renderJunit(report: GatesReport): string {
  const suites = report.gates.map((result) => suiteOf(result, report));
  const xml = builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': 'gates',
      ...totals(suites.flatMap(({ testcase }) => testcase)),
      '@time': seconds(report.durationMs),
      testsuite: suites,
    },
  });
  return xml.trimEnd();
}

function suiteOf(result: GateResult, { directory, startedAt }: GatesReport) {
  const testcase = casesOf(result, directory);
  return {
    '@name': result.gate,
    ...totals(testcase),
    '@time': seconds(result.durationMs),
    '@timestamp': startedAt,
    testcase,
  };
}

function totals(cases: readonly Case[]) {
  const count = (has: (one: Case) => unknown) => String(cases.filter(has).length);
  return {
    '@tests': String(cases.length),
    '@failures': count(({ failure }) => failure),
    '@errors': count(({ error }) => error),
    '@skipped': count(({ skipped }) => skipped),
  };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3);
}

function casesOf(result: GateResult, directory: string): Case[] {
  const { status, counts, findings, findingsOmitted } = result;
  const isNamed = status === 'failed' && counts;
  const named = isNamed ? findings.map((found) => findingCase(found, result, directory)) : [];
  return named.length === 0 || findingsOmitted > 0
    ? [...named, gateCase(result, directory)]
    : named;
}

/** Viewers show the name first, and some nothing else: it says what is wrong. The class is the place. */
function findingCase(finding: Finding, { gate }: GateResult, directory: string): Case {
  const { file, rule, severity } = finding;
  const message = formatMessage(finding.message);
  return {
    '@classname': formatPlace(finding, directory) || gate,
    '@name': rule === null ? message : `${formatMessage(rule)}: ${message}`,
    ...(file === null ? {} : { '@file': file }),
    failure: {
      '@message': message,
      '@type': severity,
      '#text': describeFinding(finding, directory),
    },
  };
}

function gateCase(result: GateResult, directory: string): Case {
  const { gate, status, counts, judgedBy, findings, findingsOmitted } = result;
  const omitted = findingsOmitted === 0 ? '' : ` (${findingsOmitted} more findings are left out)`;
  const outcome = { '@message': `${formatMessage(result.message)}${omitted}`, '@type': status };
  const weaker = judgedBy === 'exit_code' ? ' (weaker: exit code only)' : '';
  const named = { '@classname': 'gates', '@name': `${gate}${weaker}` };
  if (!counts && status !== 'passed')
    return {
      ...named,
      skipped: { ...outcome, '@message': `Not counted, ${status}: ${outcome['@message']}` },
    };
  switch (status) {
    case 'passed':
      return named;
    case 'skipped':
      return { ...named, skipped: outcome };
    case 'failed':
      return { ...named, failure: outcome };
    case 'error':
    case 'timeout': {
      const text = findings.map((finding) => describeFinding(finding, directory)).join('\n');
      return { ...named, error: { ...outcome, '#text': text } };
    }
  }
}

/** XML 1.0 has no place for control characters, lone halves of surrogate pairs, U+FFFE and U+FFFF. */
function legal(text: string): string {
  return text.replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}
