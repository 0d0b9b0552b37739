import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { CoverageOptions } from './gates-file/schema.ts';
import type { CoverageFigure, CoverageThresholds, GateName } from './names.ts';
import { GatesError } from './gates-error.ts';
import type { ResourceLimits } from './process/resource-limits.ts';
import type { GatesOptions, SandboxMode } from './report.ts';
import { defaultCoverage } from './tools/coverage.ts';

/** The options of a run with every default filled in. */
export interface GatesPlan {
  readonly directory: string;
  /** Undefined for those of the gates file, or the default ones. */
  readonly gates: readonly GateName[] | undefined;
  readonly minCoverage: GatesOptions['minCoverage'];
  readonly timeoutMs: number;
  /** Deadline of a step of the gates file that names none. */
  readonly stepTimeoutMs: number;
  /** Undefined for one that follows from the deadlines of gates and steps. */
  readonly overallTimeoutMs: number | undefined;
  readonly configFrom: string | undefined;
  readonly base: string | undefined;
  readonly sandbox: SandboxMode | 'auto';
  readonly untrusted: boolean;
  readonly toolsFrom: string | undefined;
  readonly concurrency: number;
  readonly install: boolean;
  readonly passEnvironment: readonly string[];
  readonly network: boolean;
  readonly ignoreBaseline: boolean;
  readonly findingsLimit: number;
  readonly gatesFile: GatesOptions['gatesFile'];
  /** Undefined for the system's temporary directory. */
  readonly workDirectory: string | undefined;
  readonly limits: ResourceLimits;
  readonly keepDownloads: boolean;
}

/** Default deadline of one gate. */
export const defaultTimeoutMs = 5 * 60_000;
/** Default deadline of a step: a large project with an empty cache installs in less. */
export const defaultStepTimeoutMs = 10 * 60_000;
/**
 * The default deadline over all gates is this many times that of one: the longest row of gates that wait for each
 * other is build, tests, tests without coverage, red tests again, tests of the base.
 */
export const phases = 5;
/** Default maximum of findings of a result; few people read more. */
export const defaultFindingsLimit = 200;
/** Maximum delay of a timer of Node. */
export const maxTimerMs = 2 ** 31 - 1;

/** Rejects options that contradict each other, before anything is run. */
export async function planGates(options: GatesOptions): Promise<GatesPlan> {
  const { base, configFrom, gates, toolsFrom, untrusted = false } = options;
  const sandbox = options.sandbox ?? (untrusted ? 'bwrap' : 'auto');
  if (untrusted && sandbox !== 'bwrap' && sandbox !== 'auto')
    refuse(`Untrusted code is run in the sandbox bwrap alone, not in ${sandbox}.`);
  if (untrusted && toolsFrom === undefined)
    refuse(
      'Untrusted code is not checked by its own tools: name the directory of yours, toolsFrom.',
    );
  const timeoutMs = milliseconds('timeoutMs', options.timeoutMs ?? defaultTimeoutMs);
  return {
    directory: await usableDirectory(options.directory),
    gates,
    minCoverage: options.minCoverage,
    timeoutMs,
    stepTimeoutMs: options.timeoutMs ?? defaultStepTimeoutMs,
    overallTimeoutMs:
      options.overallTimeoutMs === undefined
        ? undefined
        : milliseconds('overallTimeoutMs', options.overallTimeoutMs),
    configFrom,
    base,
    sandbox: untrusted ? 'bwrap' : sandbox,
    untrusted,
    toolsFrom: toolsFrom === undefined ? undefined : await usableDirectory(toolsFrom),
    concurrency: positive('concurrency', options.concurrency ?? 1),
    install: options.install ?? true,
    passEnvironment: options.passEnvironment ?? [],
    network: options.network ?? false,
    ignoreBaseline: options.ignoreBaseline ?? false,
    findingsLimit: positive('findingsLimit', options.findingsLimit ?? defaultFindingsLimit),
    gatesFile: options.gatesFile,
    workDirectory:
      options.workDirectory === undefined
        ? undefined
        : await usableDirectory(options.workDirectory),
    limits: options.limits ?? {},
    keepDownloads: options.keepDownloads ?? !untrusted,
  };
}

function refuse(message: string): never {
  throw new GatesError('gates_options_invalid', message);
}

async function usableDirectory(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory()) return resolve(path);
  throw new GatesError('gates_directory_unusable', `There is no directory ${path}.`);
}

/** Least coverage of each figure: from the options, else from the gates file, else 85 %. */
export function coverageThresholds(
  options: GatesOptions['minCoverage'],
  file: CoverageOptions['thresholds'],
): CoverageThresholds {
  const each = (name: CoverageFigure) => {
    const value = figureOf(options, name) ?? figureOf(file, name) ?? defaultCoverage;
    if (!(value >= 0 && value <= 100))
      refuse(`The least coverage of ${name} is a percentage, not ${value}.`);
    return value;
  };
  return {
    lines: each('lines'),
    statements: each('statements'),
    functions: each('functions'),
    branches: each('branches'),
  };
}

function figureOf(
  given: number | Partial<CoverageThresholds> | undefined,
  name: CoverageFigure,
): number | undefined {
  return typeof given === 'number' ? given : given?.[name];
}

function milliseconds(name: string, value: number): number {
  if (value > 0 && value <= maxTimerMs) return value;
  return refuse(`${name} is a number of milliseconds up to ${maxTimerMs}, not ${value}.`);
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  return refuse(`${name} is a whole number above 0, not ${value}.`);
}
