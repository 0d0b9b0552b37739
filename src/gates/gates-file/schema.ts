import { z } from 'zod';

import type { GateName } from '../names.ts';
import {
  changed,
  command,
  environment,
  maxEntries,
  place,
  places,
  type stepObject,
  steps,
  text,
  thresholds,
  timeoutSeconds,
  workingDirectory,
} from './fields.ts';

/** Path of the gates file, relative to the top of the repository. */
export const gatesFilePath = '.mosaic/gates.json';

const common = {
  optional: z
    .boolean()
    .default(false)
    .describe('True: the gate runs and reports, but is not part of the verdict.'),
  timeoutSeconds,
};
const baseline = z
  .boolean()
  .default(false)
  .describe('True: findings that the baseline file lists do not fail the gate; only new ones do.');

export const buildOptions = z.strictObject({
  ...common,
  baseline,
  tsconfig: places
    .min(1)
    .describe('Projects to check, in place of those found from tsconfig.json.')
    .optional(),
  ignore: places.default([]).describe('Globs of TypeScript files that no project needs to hold.'),
});
export const lintOptions = z.strictObject({
  ...common,
  baseline,
  paths: places
    .min(1)
    .describe('What eslint is given, in place of the whole directory.')
    .optional(),
  ignore: places.default([]).describe('Globs of source files that no rule needs to look at.'),
});
export const testOptions = z.strictObject({
  ...common,
  root: place.describe('--root of vitest.').optional(),
  projects: z
    .array(text)
    .min(1)
    .max(maxEntries)
    .describe('Names of vitest projects to run; others do not run.')
    .optional(),
  paths: places.min(1).describe('Only test files below these paths.').optional(),
});
export const coverageOptions = z.strictObject({
  ...common,
  thresholds,
  include: places
    .min(1)
    .describe("Globs of the files that are measured, in place of the project's own.")
    .optional(),
  changed,
});
export const integrityOptions = z.strictObject({
  ...common,
  baseRun: z
    .boolean()
    .default(true)
    .describe('False: the tests of the base are not run to compare counts.'),
  allow: z
    .array(z.strictObject({ rule: text, path: place, reason: text }))
    .max(maxEntries)
    .default([])
    .describe('Findings that a person approved, and why.'),
});

function reportFile(format: string) {
  return place.describe(`The file that the command writes, as ${format}.`).optional();
}

/** A gate that is a command of the project, judged by one report, or by its exit code alone, which is weaker. */
export const commandGate = z
  .strictObject({
    ...common,
    baseline,
    command: command.optional(),
    in: workingDirectory,
    env: environment,
    reportOf: z
      .string()
      .describe('Name of a command gate whose run leaves the report, in place of a command.')
      .optional(),
    junit: reportFile('JUnit XML'),
    cobertura: reportFile('Cobertura XML'),
    lcov: reportFile('LCOV'),
    sarif: reportFile('SARIF 2.1.0'),
    level: z
      .enum(['error', 'warning', 'note'])
      .default('warning')
      .describe('Least level of a SARIF result that fails the gate.'),
    thresholds,
    changed,
  })
  .refine(
    ({ command, reportOf }) => (command === undefined) !== (reportOf === undefined),
    'needs either command or reportOf',
  )
  .refine(
    (gate) => reportsOf(gate).length <= 1,
    'is judged by one report: name junit, cobertura, lcov or sarif, not several (a second gate with reportOf reads another report of the same run)',
  )
  .refine(
    (gate) => gate.reportOf === undefined || reportsOf(gate).length === 1,
    'needs a report to read with reportOf: junit, cobertura, lcov or sarif',
  )
  .refine(
    (gate) =>
      (gate.thresholds === undefined && gate.changed === undefined) ||
      gate.cobertura !== undefined ||
      gate.lcov !== undefined,
    'has thresholds, so it needs a report of coverage: cobertura or lcov',
  )
  .refine(
    (gate) => !gate.baseline || gate.sarif !== undefined,
    'has a baseline, so it needs a report of findings: sarif',
  );

export const reportKinds = ['junit', 'cobertura', 'lcov', 'sarif'] as const;
export type ReportKind = (typeof reportKinds)[number];

function reportsOf(gate: Partial<Record<ReportKind, string | undefined>>): ReportKind[] {
  return reportKinds.filter((kind) => gate[kind] !== undefined);
}

/** `prepare` names the result of the steps `install` and `build`. */
const gateName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and hyphens, at most 40')
  .refine((name) => name !== 'prepare', 'prepare is taken by the steps install and build');

const file = {
  $schema: text
    .describe('Where an editor finds this schema; the gates do not look at it.')
    .optional(),
  install: steps.describe('Run with network, before all else: npm ci --ignore-scripts.'),
  build: steps.describe('Run without network, after install: npm run build.'),
};

/** The whole gates file, for `gates --schema`; reading it chooses one schema a gate, for clear errors. */
export const gatesFileSchema = z.strictObject({
  ...file,
  gates: z
    .object({
      build: z.union([z.literal(false), commandGate, buildOptions]),
      lint: z.union([z.literal(false), commandGate, lintOptions]),
      test: z.union([z.literal(false), commandGate, testOptions]),
      coverage: z.union([z.literal(false), commandGate, coverageOptions]),
      integrity: z.union([z.literal(false), integrityOptions]),
    })
    .partial()
    .catchall(z.union([z.literal(false), commandGate]))
    .optional(),
});

export const outline = z.strictObject({
  ...file,
  gates: z.record(gateName, z.unknown()).optional(),
});

export type BuildOptions = z.infer<typeof buildOptions>;
export type LintOptions = z.infer<typeof lintOptions>;
export type TestOptions = z.infer<typeof testOptions>;
export type CoverageOptions = z.infer<typeof coverageOptions>;
export type IntegrityOptions = z.infer<typeof integrityOptions>;
export type CommandGate = z.infer<typeof commandGate>;
export type PrepareStep = z.infer<typeof stepObject>;

/** Options of the built-in gates; a gate that the file does not name has the defaults. */
export interface BuiltInOptions {
  readonly build: BuildOptions;
  readonly lint: LintOptions;
  readonly test: TestOptions;
  readonly coverage: CoverageOptions;
  readonly integrity: IntegrityOptions;
}

/** A gate as the gates file names it. */
export type GateEntry =
  | { readonly kind: 'off' }
  | { readonly kind: 'built_in' }
  | { readonly kind: 'command'; readonly gate: CommandGate };

export interface GatesFile {
  readonly install: readonly PrepareStep[];
  readonly build: readonly PrepareStep[];
  /** In the order of the file; undefined when it names no gates, and the default ones are run. */
  readonly gates: ReadonlyMap<GateName, GateEntry> | undefined;
  readonly options: BuiltInOptions;
}

/** The command gates of the file by name. */
export function commandsOf({ gates }: GatesFile): ReadonlyMap<GateName, CommandGate> {
  return new Map(
    [...(gates ?? [])].flatMap(([name, entry]) =>
      entry.kind === 'command' ? [[name, entry.gate] as const] : [],
    ),
  );
}
