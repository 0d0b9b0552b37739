import type { Verdict } from '../../gate.ts';
import type { TestOptions } from '../../gates-file/schema.ts';
import { counted } from '../../counted.ts';
import { busiestFolder, isProduct } from './sources.ts';

/** Names of test files as vitest collects them by default. */
const testFile = /\.(test|spec)\.[cm]?[jt]sx?$/;

export interface TestScopeRequest {
  /** Files of the project, relative to the directory under check. */
  readonly files: readonly string[];
  /** Test files that vitest collected, alike. */
  readonly collected: ReadonlySet<string>;
  readonly options: TestOptions;
}

/**
 * Says how many files that are named like tests vitest did not collect. A green run over fewer than half of them is
 * an error, unless the gates file chose what is run.
 */
export function withTestScope(
  verdict: Verdict,
  { files, collected, options: { root, projects, paths } }: TestScopeRequest,
): Verdict {
  const named = files.filter((file) => testFile.test(file) && isProduct(file));
  const missed = named.filter((file) => !collected.has(file));
  if (missed.length === 0) return verdict;
  const are = missed.length === 1 ? 'is' : 'are';
  const said = `${counted(missed.length, 'file')} named like tests ${are} not collected, most in ${busiestFolder(missed)}.`;
  const details = { ...verdict.details, filesNotCollected: missed.length };
  const isChosen = root !== undefined || projects !== undefined || paths !== undefined;
  if (verdict.status === 'passed' && !isChosen && missed.length * 2 > named.length) {
    const cure = 'Name the ones to run in .mosaic/gates.json (gates.test: root, projects or paths)';
    return {
      ...verdict,
      status: 'error',
      message: `vitest ran ${named.length - missed.length} of ${counted(named.length, 'test file')}. ${said} ${cure}.`,
      details,
    };
  }
  return { ...verdict, message: `${verdict.message} ${said}`, details };
}
