import { setImmediate } from 'node:timers/promises';

import { CoordinatorError } from '../../errors.ts';
import { counted } from '../counted.ts';
import { errorAt, type Checkout, type Finding, type Gate, type Verdict } from '../gate.ts';
import { withAllowances, type Allowance } from './allowed.ts';
import { baseCommit } from './trees/base-tree.ts';
import { changedExpectations } from './changed-expectations.ts';
import { configFindings, configLimit, partsOfConfig } from './configuration/config-findings.ts';
import type { SourceFacts, SourceChange } from './facts.ts';
import { configKind } from './configuration/gate-config.ts';
import { lostTests } from './lost-tests.ts';
import { isMeasured, measuredBy } from './configuration/measured.ts';
import { movedOut, notImported } from './moved-out.ts';
import { newMarks } from './new-marks.ts';
import { pairFiles } from './trees/pair-files.ts';
import { lockfileFindings } from './packages/lockfile-findings.ts';
import { isOtherLanguage } from './source/other-languages.ts';
import { editedSnapshots, editedTestData, ignoredSources } from './for-reviewers.ts';
import { otherMeaning } from './other-meaning.ts';
import { isMade, isSnapshot } from './trees/made-files.ts';
import { pairTests } from './test-pairs.ts';
import { sourceFacts } from './source/source-facts.ts';
import { runFindings, type TestRuns } from './runs/run-findings.ts';
import {
  openTrees,
  type FileChange,
  type Limits,
  type TreeChanges,
  type Trees,
} from './trees/tree-changes.ts';

export interface IntegrityOptions {
  readonly limits?: Partial<Limits>;
  /** What the gates file of the base approves. */
  readonly allow?: readonly Allowance[];
  /** The tests of both sides are run and compared, when there is a way to run them. */
  readonly testRuns?: TestRuns;
}

const defaultLimits: Limits = {
  files: 5_000,
  fileBytes: 1_000_000,
  madeBytes: 32_000_000,
  totalBytes: 64_000_000,
};

/**
 * The gate that protects the other gates. It fails when, since the checkout branched off `base`, their
 * configuration was edited, checks were switched off in the code, or tests were lost. It compares the whole
 * work tree, wherever in it the directory under check lies.
 *
 * Words of this folder:
 * - base, head: the commit that checkout and `base` share last, and the work tree.
 * - fact: a property of one version of a source file that is compared (facts.ts): its tests, marks, assertions.
 * - mark: code that switches a check off, `it.skip` or a pragma.
 * - pragma: a comment that directs a tool, such as `eslint-disable` or `@ts-ignore`.
 * - scope: the names that stand for the test API (`it`, `vi`) at one place of a file.
 * - constant: an expression with the same value on every evaluation; an assertion on it can never fail.
 *
 * Rooms, in the order of the flow:
 * - trees: read both sides, find the files that differ, and which file of the base a file of the head was.
 * - configuration: edits of the configuration of the gates.
 * - source: the facts of one source file, by its syntax tree; by words when it does not parse.
 * - new-marks, lost-tests: compare the facts of both sides into findings.
 * - runs: compares which tests ran on both sides.
 * - allowed: what the base approved beforehand.
 */
export function integrity(base: string, options: IntegrityOptions = {}): Gate {
  return {
    name: 'integrity',
    check: async (checkout) => {
      try {
        return await compare(checkout, base, options);
      } catch (error) {
        if (checkout.signal.aborted) {
          return { status: 'timeout', message: 'stopped before the comparison was complete' };
        }
        if (error instanceof CoordinatorError) {
          return { status: 'error', message: printable(error.message) };
        }
        throw error;
      }
    },
  };
}

async function compare(
  { directory, signal }: Checkout,
  base: string,
  { limits, allow = [], testRuns }: IntegrityOptions,
): Promise<Verdict> {
  const commit = await baseCommit(directory, base, signal);
  const trees = await openTrees({
    directory,
    commit,
    limits: { ...defaultLimits, ...limits },
    signal,
  });
  const parts = await partsOfConfig(trees);
  const tree = await trees.changes(
    (path) => isSource(path) || isMade(path) || configKind(path) !== undefined || parts.has(path),
    // Tools read configuration from ignored files too.
    (path) => configKind(path) === 'code',
  );
  const sources = await sourceChanges(tree.changes, signal);
  const tests = pairTests(sources);
  const configs = trees.pathsBefore.filter((path) => /(^|\/)vite(st)?\.config\.\w+$/.test(path));
  const measured = measuredBy(await trees.textsBefore(configs.slice(0, configLimit)));
  const before = new Set(trees.pathsBefore);
  const after = new Map(tree.changes.map((change) => [change.path, change.after !== undefined]));
  const isThere = (path: string) => after.get(path) ?? before.has(path);
  const read = [
    ...configFindings(tree, parts),
    ...newMarks(sources),
    ...lostTests(tests, sources),
    ...changedExpectations(tests),
    ...editedSnapshots(tree.changes),
    ...editedTestData(tree.testDataEdited),
    ...ignoredSources(
      sources.map(({ path }) => path).filter((path) => tree.ignoredPaths.has(path)),
    ),
    ...otherMeaning(sources, isThere),
    ...tree.changes.flatMap(lockfileFindings),
    ...movedOut(sources, (path) => isMeasured(path, measured)),
    ...notImported(sources, (path) => isMeasured(path, measured) && isThere(path)),
    ...notLookedAt(tree),
    ...notRead(sources),
  ].map((finding) => fromDirectory(finding, trees));
  const ran =
    testRuns &&
    (await runFindings({
      runs: testRuns,
      base,
      commit,
      ...filesMoved(sources, trees),
      known: read,
      signal,
    }));
  const all = withAllowances([...read, ...(ran?.findings ?? [])], allow);
  return verdictOn(all, {
    against: `${base} (${commit.slice(0, 10)})`,
    details: {
      base,
      baseCommit: commit,
      filesCompared: tree.changes.length,
      ...testFigures(sources),
      ...ran?.details,
    },
  });
}

/** Paths as the directory under check sees them, and text that a terminal can bear. */
function fromDirectory(finding: Finding, trees: Trees): Finding {
  const file = finding.file === null ? null : trees.fromDirectory(printable(finding.file));
  return { ...finding, file, message: printable(finding.message) };
}

/** The files that have another path now, or none. */
function filesMoved(sources: readonly SourceChange[], { fromDirectory }: Trees) {
  const renames = new Map<string, string>();
  const deleted = new Set<string>();
  for (const { path, pathBefore, after } of sources) {
    if (after === undefined) deleted.add(fromDirectory(path));
    else if (path !== pathBefore) renames.set(fromDirectory(pathBefore), fromDirectory(path));
  }
  return { renames, deleted };
}

/** These say that something was not compared; they are no fault of the change. */
const incomplete = new Set(['not-looked-at', 'not-parsed']);

function verdictOn(
  { findings, allowed }: ReturnType<typeof withAllowances>,
  { against, details }: { readonly against: string; readonly details: Verdict['details'] },
): Verdict {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const open = errors.filter(({ rule }) => incomplete.has(rule ?? '')).length;
  const broken = errors.length - open;
  const warnings = findings.length - errors.length - allowed;
  const filesCompared = Number(details?.['filesCompared'] ?? 0);
  const asides = [
    allowed > 0 ? `${counted(allowed, 'change')} allowed by the base` : '',
    warnings > 0 ? `${counted(warnings, 'warning')} for the reviewer` : '',
  ].filter(Boolean);
  const aside = asides.length > 0 ? `; ${asides.join(', ')}` : '';
  const figures = { ...details, filesNotLookedAt: open, allowed, warnings };
  if (broken > 0) {
    const message = `${counted(broken, 'change')} since ${against} would make the gates mean less${aside}`;
    return { status: 'failed', message, details: figures, findings };
  }
  if (open > 0) {
    const message = `${counted(open, 'file')} could not be compared with ${against}: look at them by hand, or split them${aside}`;
    return { status: 'error', message, details: figures, findings };
  }
  const message = `${counted(filesCompared, 'file')} compared with ${against}, nothing weakened${aside}`;
  return { status: 'passed', message, details: figures, findings };
}

/** True for source files. Scripts inside markup and other languages are read by words. */
function isSource(path: string): boolean {
  return /\.([cm]?[jt]sx?|vue|svelte|astro)$/.test(path) || isOtherLanguage(path);
}

async function sourceChanges(
  files: readonly FileChange[],
  signal: AbortSignal,
): Promise<SourceChange[]> {
  const sources = files.filter(({ path }) => isSource(path));
  const [before, after] = [textsOf(sources, 'before'), textsOf(sources, 'after')];
  const pairs = pairFiles(
    [...before].map(([path, text]) => ({ path, text })),
    [...after].map(([path, text]) => ({ path, text })),
  );
  const paired = new Set(pairs.values());
  const changes: SourceChange[] = [];
  for (const path of before.keys()) {
    if (paired.has(path)) continue;
    const old = await facts(before.get(path), path);
    changes.push({ path, pathBefore: path, before: old, after: undefined });
  }
  for (const path of after.keys()) {
    const pathBefore = pairs.get(path);
    changes.push({
      path,
      pathBefore: pathBefore ?? path,
      before:
        pathBefore === undefined ? undefined : await facts(before.get(pathBefore), pathBefore),
      after: await facts(after.get(path), path),
    });
  }
  return changes;

  async function facts(text: string | undefined, path: string): Promise<SourceFacts | undefined> {
    if (text === undefined) return undefined;
    // Parsing blocks the event loop: a deadline can fire between two files.
    await setImmediate();
    signal.throwIfAborted();
    return sourceFacts(text, path);
  }
}

function notLookedAt(tree: TreeChanges): Finding[] {
  return tree.notLookedAt.map(({ path, reason }) => {
    const finding = errorAt(path, null, 'not-looked-at', `not looked at: ${reason}`);
    return isSnapshot(path) ? { ...finding, severity: 'warning' } : finding;
  });
}

function textsOf(files: readonly FileChange[], side: 'before' | 'after'): Map<string, string> {
  return new Map(
    files.flatMap((file): [string, string][] => {
      const text = file[side];
      return text === undefined ? [] : [[file.path, text]];
    }),
  );
}

/** A file that no longer parses could hide anything, so it is an error; one that never did is compared by words. */
function notRead(sources: readonly SourceChange[]): Finding[] {
  return sources.flatMap(({ path, before, after }): Finding[] => {
    if (after?.parsed !== false) return [];
    const finding = errorAt(path, 1, 'not-parsed', 'does not parse, so it was compared by words');
    return before?.parsed === true ? [finding] : [{ ...finding, severity: 'warning' }];
  });
}

/** Number of tests in the files that differ; a test whose number of cases is known only at run time counts once. */
function testFigures(sources: readonly SourceChange[]) {
  const sum = (facts: SourceFacts | undefined) =>
    (facts?.tests ?? []).reduce(
      (count, { cases }) => count + (Number.isFinite(cases) ? cases : 1),
      0,
    );
  return {
    testsBefore: sources.reduce((count, { before }) => count + sum(before), 0),
    testsAfter: sources.reduce((count, { after }) => count + sum(after), 0),
  };
}

/** Removes control characters: file names and titles are foreign text and must not control a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '\uFFFD');
}
