import type { VerificationGate } from './verdict-gates.ts';

/** What a gate finds on the code of a repository. */
export interface PlayedFinding {
  readonly gate: VerificationGate;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly rule: string | null;
  readonly message: string;
}

interface Code {
  /** Tests that the repository has. */
  readonly tests: number;
  readonly findings: readonly PlayedFinding[];
}

function lint(file: string, line: number, rule: string, message: string): PlayedFinding {
  return { gate: 'lint', file, line, column: 3, rule, message };
}

function failedTest(file: string, line: number, message: string): PlayedFinding {
  return { gate: 'test', file, line, column: 7, rule: null, message };
}

const harbor: Code = {
  tests: 214,
  findings: [
    lint('src/berths.ts', 88, 'no-floating-promises', 'Promises must be awaited.'),
    failedTest(
      'test/berths.test.ts',
      41,
      'a boat of 12 m gets no berth of 11 m: expected false, received true',
    ),
    failedTest('test/arrivals.test.ts', 63, 'no arrival at low tide: expected 0 boats, received 2'),
  ],
};

const codes: Readonly<Record<string, Code>> = {
  'acme/harbor': harbor,
  'acme/beacon': {
    tests: 187,
    findings: [
      lint('src/alarms.ts', 52, 'no-unused-vars', "'retries' is assigned but never used."),
      failedTest(
        'test/buoys.test.ts',
        118,
        'a silent buoy is asked again: expected 3 calls, received 1',
      ),
      lint('src/buoys.ts', 17, 'eqeqeq', "Expected '===' and instead saw '=='."),
    ],
  },
  'acme/charts': {
    tests: 341,
    findings: [
      failedTest(
        'test/contours.test.ts',
        29,
        'contours are closed: expected [0, 0], received [0, 1]',
      ),
      lint('src/contours.ts', 140, 'no-shadow', "'depth' is already declared in the upper scope."),
      failedTest('test/wrecks.test.ts', 12, 'a wreck at 0° has a mark: expected 1, received 0'),
    ],
  },
};

/** The code of a repository, as far as there is any. */
export function codeOf(repository: string): Code {
  return codes[repository] ?? harbor;
}

/** Files that a change of a repository touches: those in which something may be found. */
export function filesOf(repository: string): readonly string[] {
  return [...new Set(codeOf(repository).findings.map(({ file }) => file))].sort();
}
