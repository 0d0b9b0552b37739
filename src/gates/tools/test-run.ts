import path from 'node:path';

import { parse } from '@babel/parser';
import type { Node, ObjectProperty } from '@babel/types';

import type { Checkout, TestRun, Tool } from '../gate.ts';
import { childrenOf } from '../integrity/syntax.ts';
import { lastWords } from './tool-verdict.ts';
import { checkVitestVersion, vitestFlags } from './vitest-flags.ts';

/**
 * Runs vitest once for tests and coverage together. When measuring coverage kept it from working (no
 * provider, say), it runs a second time without, so that only the gate `coverage` is without a verdict.
 * Rejects when there is no vitest, or one too old.
 */
export async function runTests(checkout: Checkout): Promise<TestRun> {
  const tool = await checkout.tool('vitest');
  checkVitestVersion(tool);
  const measured = await runVitest(checkout, tool, await coverageOptions(checkout));
  if (measured.coverageSummary !== undefined || measured.run.end !== 'exited') return measured;
  const coverageProblem = `vitest left no coverage: ${lastWords(measured.run)}`;
  if (measured.report !== undefined && measured.run.exitCode === 0) {
    return { ...measured, coverageProblem };
  }
  return { ...(await runVitest(checkout, tool, ['--coverage.enabled=false'])), coverageProblem };
}

/** Runs the tests without measuring coverage, to learn what runs. Rejects as `runTests` does. */
export async function runTestsOnly(checkout: Checkout): Promise<TestRun> {
  const tool = await checkout.tool('vitest');
  checkVitestVersion(tool);
  return runVitest(checkout, tool, ['--coverage.enabled=false']);
}

/** Counted when the checkout's own configuration does not say which: also files no test imports. */
export const defaultCoverageInclude = '**/src/**/*.{js,jsx,cjs,mjs,ts,tsx,cts,mts}';

async function runVitest(
  checkout: Checkout,
  tool: Tool,
  options: readonly string[],
): Promise<TestRun> {
  const scratch = await checkout.scratch('test');
  const report = path.join(scratch, 'report.json');
  const coverage = path.join(scratch, 'coverage');
  const flags = vitestFlags(tool, { report, coverage });
  const run = await checkout.run(tool, ['run', ...flags, ...options]);
  return {
    tool,
    run,
    report: await checkout.readReport(report, run.startedAt),
    coverageSummary: await checkout.readReport(
      path.join(coverage, 'coverage-summary.json'),
      run.startedAt,
    ),
    coverageProblem: undefined,
  };
}

async function coverageOptions(checkout: Checkout): Promise<readonly string[]> {
  return [
    '--coverage.enabled=true',
    '--coverage.provider=v8',
    '--coverage.reporter=json-summary',
    '--coverage.reportOnFailure=true',
    // The gate compares with the operator's thresholds. A missed one of the checkout would end vitest
    // with the exit code of an unhandled error, and `autoUpdate` would rewrite its configuration.
    '--no-coverage.thresholds',
    ...((await ownInclude(checkout)) ? [] : [`--coverage.include=${defaultCoverageInclude}`]),
  ];
}

async function ownInclude(checkout: Checkout): Promise<boolean> {
  for (const file of configFiles) {
    const text = await checkout.readReport(path.join(checkout.directory, file), 0);
    if (text !== undefined) return namesCoverageInclude(text);
  }
  return false;
}

/** In the order vitest looks for them. */
const configFiles = ['vitest.config', 'vite.config'].flatMap((name) =>
  ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].map((extension) => `${name}.${extension}`),
);

/**
 * True when a vitest configuration itself names the files that coverage counts (`coverage: { include }`). A
 * setting in a variable or in another file is not found.
 */
export function namesCoverageInclude(config: string): boolean {
  try {
    return anyNode(parse(config, { sourceType: 'module', plugins: ['typescript'] }), (node) => {
      if (!isProperty(node, 'coverage') || !('properties' in node.value)) return false;
      return node.value.properties.some((entry) => isProperty(entry, 'include'));
    });
  } catch {
    // Vitest cannot read such a text either, or it is nested deeper than the stack.
    return false;
  }
}

function anyNode(node: Node, matches: (node: Node) => boolean): boolean {
  return matches(node) || childrenOf(node).some((child) => anyNode(child, matches));
}

function isProperty(node: Node, name: string): node is ObjectProperty {
  if (node.type !== 'ObjectProperty') return false;
  const { key } = node;
  return (
    (key.type === 'Identifier' && key.name === name) ||
    (key.type === 'StringLiteral' && key.value === name)
  );
}
