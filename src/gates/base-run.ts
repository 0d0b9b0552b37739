import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { makeBaseCopy } from './checkout/base-copy.ts';
import { createCheckouts, type CheckoutParts, type GateRun } from './checkout/checkout.ts';
import { GatesError } from './gates-error.ts';
import type { Checkout, TestRun } from './gate.ts';
import type { RunTest } from './integrity/runs/lost-runs.ts';
import type { TestRuns } from './integrity/runs/run-findings.ts';
import { lastWords } from './tools/tool-verdict.ts';
import { listTests } from './tools/vitest-report.ts';

export interface BaseRunRequest {
  /** Parts of the checkout under check; the base gets its own directory. */
  readonly parts: CheckoutParts;
  /** Top of the repository whose history holds the base. */
  readonly root: string;
  /** Top of the tree whose `node_modules` the base is run with. */
  readonly modulesFrom: string;
  readonly commit: string;
  readonly run: GateRun;
  /** Runs the tests without measuring coverage. */
  readonly runTests: (checkout: Checkout) => Promise<TestRun>;
}

/**
 * Runs the tests of the base commit in a private copy, with the packages of the checkout, and lists them. Rejects
 * with the reason when they cannot be run: a change may need other packages than its base.
 */
async function runBaseTests(request: BaseRunRequest): Promise<readonly RunTest[]> {
  const { parts, root, modulesFrom, commit, run, runTests } = request;
  const target = join(parts.privateDirectory, 'base');
  await makeBaseCopy({ root, commit, target, modulesFrom, signal: run.signal });
  const below = relative(await realpath(root), await realpath(parts.origin));
  const directory = join(target, below);
  const checkoutFor = createCheckouts({
    ...parts,
    directory,
    writable: [target],
    // Where the packages are that the copy links to.
    readOnly: [...new Set([...parts.readOnly, ...parts.writable, modulesFrom, root])],
  });
  const { run: ended, report } = await runTests(await checkoutFor(run));
  const tests = report === undefined ? undefined : listTests(report, directory);
  if (tests === undefined)
    throw new GatesError('gates_ref_unknown', `they left no report (${lastWords(ended)})`);
  return tests;
}

/** The runs of both sides that the gate integrity compares; `checkout` shares the run of the gate test. */
export function testRunsOf(checkout: Checkout, request: Omit<BaseRunRequest, 'commit'>): TestRuns {
  return {
    head: async () => listTests((await checkout.testRun()).report ?? '', request.parts.directory),
    base: (commit) => runBaseTests({ ...request, commit }),
  };
}
