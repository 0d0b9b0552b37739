import type { PackageJson } from './package-json.ts';
import {
  isPlace,
  proposedCoverage,
  type NamedGate,
  type Proposal,
  type ProposedGate,
} from '../proposal.ts';
import type { ProgramCall } from './scripts.ts';
import { optionValues, programOf, textOf, withoutOptions, type Word } from './words.ts';

/** Where the commands leave their reports. */
const junit = 'junit.xml';
const thresholds = proposedCoverage;

/** Options of vitest that the built-in gate cannot be told. */
const vitestOwn = ['--config', '-c', '--dir', '-t', '--testNamePattern', '--environment', '--mode'];

/** Vitest is a built-in gate, unless its script gives it options that only a command can. */
export function vitest(call: ProgramCall, json: PackageJson): Partial<Proposal> {
  const { args } = call;
  const measured = json.uses('@vitest/coverage-v8') || json.uses('@vitest/coverage-istanbul');
  const notes = measured
    ? []
    : [
        'Coverage is not measured: install @vitest/coverage-v8 and write this file anew when it should be.',
      ];
  if (vitestOwn.some((name) => optionValues(args, [name]).length > 0))
    return { gates: vitestCommand(call, measured), notes };
  const root = optionValues(args, ['--root', '-r'])[0]?.replace(/^\.\//, '').replace(/\/$/, '');
  const projects = optionValues(args, ['--project']).filter((name) => !name.startsWith('!'));
  const paths = vitestFilters(args);
  const test: ProposedGate = {
    ...(root !== undefined && root !== '.' && isPlace(root) ? { root } : {}),
    ...(projects.length > 0 ? { projects } : {}),
    ...(paths.length > 0 ? { paths } : {}),
  };
  return { gates: [['test', test], ...(measured ? [['coverage', {}] as const] : [])], notes };
}

function vitestCommand(call: ProgramCall, measured: boolean): readonly NamedGate[] {
  const args = withoutOptions(call.args, {
    valued: ['--reporter', '--outputFile', '--coverage.reporter', '--coverage.reportsDirectory'],
    switches: ['run', 'watch', 'dev', '--run', '--watch', '-w', '--coverage'],
  });
  const flags = [
    `--reporter=default --reporter=junit --outputFile=${junit}`,
    ...(measured
      ? ['--coverage.enabled --coverage.reporter=cobertura --coverage.reportsDirectory=coverage']
      : []),
  ];
  const command = [textOf(call.wrapper), call.word.raw, 'run', textOf(args), ...flags];
  const test: NamedGate = ['test', commandGate(command, { env: call.env, junit })];
  const coverage = { reportOf: 'test', cobertura: 'coverage/cobertura-coverage.xml', thresholds };
  return [test, ...(measured ? [['coverage', coverage] as const] : [])];
}

const vitestSwitches = ['--run', '--coverage', '--passWithNoTests', '--silent', '--no-coverage'];

/** Filters of files. What follows another option may be its value, so it is no filter. */
function vitestFilters(args: readonly Word[]): readonly string[] {
  const values = args.map(({ value }) => value);
  return values
    .filter((value, index) => {
      const before = values[index - 1] ?? '';
      const isCommand = ['run', 'watch', 'dev', 'related'].includes(value);
      const mayBeValue = /^-[^=]*$/.test(before) && !vitestSwitches.includes(before);
      return !value.startsWith('-') && !isCommand && !mayBeValue;
    })
    .map((value) => value.replace(/^\.\//, ''))
    .filter((value) => isPlace(value) && !/[*?[{]/.test(value));
}

/** Jest measures coverage itself; JUnit needs the package jest-junit. */
export function jest(call: ProgramCall, json: PackageJson): Partial<Proposal> {
  const args = withoutOptions(call.args, {
    valued: ['--coverageReporters', '--coverageDirectory', '--reporters'],
    switches: ['--watch', '--watchAll', '--coverage', '--collectCoverage', '--ci'],
  });
  const hasJunit = json.uses('jest-junit');
  const flags = [
    '--ci --coverage --coverageReporters=cobertura --coverageReporters=text-summary --coverageDirectory=coverage',
    ...(hasJunit ? ['--reporters=default --reporters=jest-junit'] : []),
  ];
  // Options with lists of values would take a path that follows them for one.
  const command = [...withoutCoverage(call), call.word.raw, textOf(args), ...flags];
  const env = { ...call.env, ...(hasJunit ? { JEST_JUNIT_OUTPUT_FILE: junit } : {}) };
  return {
    gates: [
      ['test', commandGate(command, { env, ...(hasJunit ? { junit } : {}) })],
      ['coverage', { reportOf: 'test', cobertura: 'coverage/cobertura-coverage.xml', thresholds }],
    ],
    notes: [
      ...(hasJunit
        ? []
        : [
            'Install jest-junit to have test judged by its report, with the count of tests; now the exit code alone tells.',
          ]),
      ...(json.jest.includes('collectCoverageFrom')
        ? []
        : [
            'Jest measures only files that a test loads, unless collectCoverageFrom in its configuration names the others.',
          ]),
    ],
  };
}

/** Mocha writes JUnit by its own reporter `xunit`. */
export function mocha(call: ProgramCall): Partial<Proposal> {
  const args = withoutOptions(call.args, {
    valued: ['--reporter', '-R', '--reporter-option', '--reporter-options', '-O'],
    switches: ['--watch', '-w'],
  });
  const flags = `--reporter xunit --reporter-option output=${junit}`;
  return underCoverage(call, [call.word.raw, flags, textOf(args)], { junit });
}

/** The runner of Node, which writes JUnit and lcov itself. */
export function nodeTest(call: ProgramCall): Partial<Proposal> {
  const args = withoutOptions(call.args, {
    valued: ['--test-reporter', '--test-reporter-destination'],
    switches: ['--watch', '--experimental-test-coverage'],
  });
  const at = args.findIndex(({ value }) => value === '--test') + 1;
  const measured = coverageTool(call) !== undefined;
  const flags = [
    `--test-reporter=junit --test-reporter-destination=${junit}`,
    ...(measured
      ? []
      : [
          '--experimental-test-coverage --test-reporter=lcov --test-reporter-destination=lcov.info',
        ]),
  ];
  const command = [call.word.raw, textOf(args.slice(0, at)), ...flags, textOf(args.slice(at))];
  if (measured) return underCoverage(call, command, { junit });
  return {
    gates: [
      ['test', commandGate([textOf(call.wrapper), ...command], { env: call.env, junit })],
      ['coverage', { reportOf: 'test', lcov: 'lcov.info', thresholds }],
    ],
    notes: ['Node measures only files that a test loads.'],
  };
}

export function bunTest(call: ProgramCall): Partial<Proposal> {
  const args = withoutOptions(call.args.slice(1), {
    valued: ['--reporter', '--reporter-outfile', '--coverage-reporter', '--coverage-dir'],
    switches: ['--watch', '--coverage'],
  });
  const flags = `test --reporter=junit --reporter-outfile=${junit} --coverage --coverage-reporter=lcov --coverage-dir=coverage`;
  return {
    gates: [
      ['test', commandGate([call.word.raw, flags, textOf(args)], { env: call.env, junit })],
      ['coverage', { reportOf: 'test', lcov: 'coverage/lcov.info', thresholds }],
    ],
    notes: ['Bun measures only files that a test loads.'],
  };
}

/** A runner without a report that the gates read. */
export function otherRunner(call: ProgramCall): Partial<Proposal> {
  const args = withoutOptions(call.args, { switches: ['--watch', '-w'] });
  const proposal = underCoverage(call, [call.word.raw, textOf(args)], {});
  const note = `${call.program} is judged by its exit code alone, without a count of tests.`;
  return { ...proposal, notes: [...(proposal.notes ?? []), note] };
}

/** The gates `test` and, when the call is made under c8 or nyc, `coverage`. */
function underCoverage(
  call: ProgramCall,
  command: readonly string[],
  judged: ProposedGate,
): Partial<Proposal> {
  const { env, wrapper } = call;
  const tool = coverageTool(call);
  const at = wrapper.findIndex((word) => word === tool);
  if (tool === undefined) {
    const note =
      'Coverage is not measured, because no script does: put c8 before the command of test and add a gate of coverage when it should be.';
    const test = commandGate([textOf(wrapper), ...command], { env, ...judged });
    return { gates: [['test', test]], notes: [note] };
  }
  const given = withoutOptions(wrapper.slice(at + 1), { valued: ['-r', '--reporter'] });
  const named = optionValues(given, ['--report-dir', '--reports-dir', '-o'])[0];
  const directory = named ?? 'coverage';
  const flags = `--reporter=lcov${named === undefined ? ' --report-dir=coverage' : ''}`;
  const whole = [textOf(wrapper.slice(0, at + 1)), flags, textOf(given), ...command];
  const lcov = `${directory.replace(/^\.\//, '').replace(/\/$/, '')}/lcov.info`;
  return {
    gates: [
      ['test', commandGate(whole, { env, ...judged })],
      ...(isPlace(lcov) ? [['coverage', { reportOf: 'test', lcov, thresholds }] as const] : []),
    ],
  };
}

function coverageTool({ wrapper }: ProgramCall): Word | undefined {
  return wrapper.find(({ value }) => ['c8', 'nyc'].includes(programOf(value)));
}

function withoutCoverage(call: ProgramCall): readonly string[] {
  return coverageTool(call) === undefined ? [textOf(call.wrapper)] : [];
}

function commandGate(parts: readonly string[], { env = {}, ...gate }: ProposedGate): ProposedGate {
  const command = parts.filter((part) => part !== '').join(' ');
  return { command, ...(Object.keys(env).length === 0 ? {} : { env }), ...gate };
}
