import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { GatesError, type CoverageThresholds, type GateName } from './gate.ts';
import type { GatesOptions, SandboxMode } from './report.ts';
import { defaultCoverage } from './tools/coverage.ts';

/** The options of a run with every default filled in. */
export interface GatesPlan {
  readonly directory: string;
  readonly gates: readonly GateName[];
  readonly thresholds: CoverageThresholds;
  readonly timeoutMs: number;
  readonly overallTimeoutMs: number;
  readonly configFrom: string | undefined;
  readonly base: string | undefined;
  readonly sandbox: SandboxMode | 'auto';
  readonly untrusted: boolean;
  readonly toolsFrom: string | undefined;
  readonly concurrency: number;
}

const minuteMs = 60_000;
/** Maximum delay of a timer of Node. */
const maxTimerMs = 2 ** 31 - 1;

/** Rejects options that contradict each other, before anything is run. */
export async function planGates(options: GatesOptions): Promise<GatesPlan> {
  const { base, configFrom, toolsFrom, untrusted = false } = options;
  const sandbox = options.sandbox ?? (untrusted ? 'bwrap' : 'auto');
  if (untrusted && sandbox !== 'bwrap' && sandbox !== 'auto')
    refuse(`Untrusted code is run in the sandbox bwrap alone, not in ${sandbox}.`);
  if (untrusted && toolsFrom === undefined)
    refuse(
      'Untrusted code is not checked by its own tools: name the directory of yours, toolsFrom.',
    );
  const gates = options.gates ?? [
    ...(['build', 'lint', 'test', 'coverage'] as const),
    ...(base === undefined ? [] : (['integrity'] as const)),
  ];
  if (gates.length === 0) refuse('No gate was chosen: nothing checked is never passed.');
  if (gates.includes('integrity') && base === undefined)
    refuse('The gate integrity needs a git ref to compare with, base.');
  return {
    directory: await usableDirectory(options.directory),
    gates: [...new Set(gates)],
    thresholds: thresholdsFrom(options.minCoverage),
    timeoutMs: milliseconds('timeoutMs', options.timeoutMs ?? 5 * minuteMs),
    overallTimeoutMs: milliseconds('overallTimeoutMs', options.overallTimeoutMs ?? 15 * minuteMs),
    configFrom,
    base,
    sandbox: untrusted ? 'bwrap' : sandbox,
    untrusted,
    toolsFrom: toolsFrom === undefined ? undefined : await usableDirectory(toolsFrom),
    concurrency: positive('concurrency', options.concurrency ?? 1),
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

function thresholdsFrom(given: GatesOptions['minCoverage'] = {}): CoverageThresholds {
  const each = (name: keyof CoverageThresholds) => {
    const value = typeof given === 'number' ? given : (given[name] ?? defaultCoverage);
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

function milliseconds(name: string, value: number): number {
  if (value > 0 && value <= maxTimerMs) return value;
  return refuse(`${name} is a number of milliseconds up to ${maxTimerMs}, not ${value}.`);
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  return refuse(`${name} is a whole number above 0, not ${value}.`);
}
