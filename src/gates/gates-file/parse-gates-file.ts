import type { z } from 'zod';

import { describeError } from '../../errors.ts';
import { GatesError } from '../gates-error.ts';
import { builtInGates, type BuiltInGate, type GateName } from '../names.ts';
import {
  buildOptions,
  commandGate,
  coverageOptions,
  integrityOptions,
  lintOptions,
  outline,
  testOptions,
  type BuiltInOptions,
  type GateEntry,
  type GatesFile,
} from './schema.ts';

/** What holds without a gates file. */
export const noGatesFile: GatesFile = {
  install: [],
  build: [],
  gates: undefined,
  options: builtInOptions({}, []),
};

/** Reads the text of a gates file; throws `gates_file_invalid` with one line a fault. `from` names it in messages. */
export function parseGatesFile(text: string, from: string): GatesFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(from, [`it is not JSON: ${describeError(error)}`]);
  }
  const read = outline.safeParse(value);
  if (!read.success) throw invalid(from, faultsOf(read.error, []));
  const { install, build, gates } = read.data;
  if (gates === undefined) return { ...noGatesFile, install, build };
  const faults: string[] = [];
  const options = builtInOptions(gates, faults);
  const entries = new Map(
    Object.entries(gates).map(([name, given]) => [name, readEntry(name, given, faults)] as const),
  );
  faults.push(...wrongReportsOf(entries));
  if (entries.size === 0)
    faults.push('gates is empty: leave it out for the default gates, or name one');
  if (faults.length > 0) throw invalid(from, faults);
  return { install, build, gates: entries, options };
}

/** Options of the built-in gates that the file names as such; of the others the defaults. */
function builtInOptions(
  gates: Readonly<Record<GateName, unknown>>,
  faults: string[],
): BuiltInOptions {
  const read = <T>(name: BuiltInGate, schema: z.ZodType<T>): T => {
    const given = gates[name];
    if (given === undefined || given === false || isCommandGate(name, given))
      return schema.parse({});
    const { data, error } = schema.safeParse(given);
    if (error === undefined) return data;
    faults.push(...faultsOf(error, ['gates', name]));
    return schema.parse({});
  };
  return {
    build: read('build', buildOptions),
    lint: read('lint', lintOptions),
    test: read('test', testOptions),
    coverage: read('coverage', coverageOptions),
    integrity: read('integrity', integrityOptions),
  };
}

function isCommandGate(name: GateName, given: unknown): boolean {
  const builtIn = builtInGates.find((known) => known === name);
  if (builtIn === undefined) return true;
  if (builtIn === 'integrity' || typeof given !== 'object' || given === null) return false;
  return 'command' in given || 'reportOf' in given;
}

function readEntry(name: GateName, given: unknown, faults: string[]): GateEntry {
  if (given === false) return { kind: 'off' };
  if (!isCommandGate(name, given)) return { kind: 'built_in' };
  const { data, error } = commandGate.safeParse(given);
  if (error === undefined) return { kind: 'command', gate: data };
  faults.push(...faultsOf(error, ['gates', name]));
  return { kind: 'off' };
}

function wrongReportsOf(entries: ReadonlyMap<GateName, GateEntry>): string[] {
  return [...entries].flatMap(([name, entry]) => {
    const reportOf = entry.kind === 'command' ? entry.gate.reportOf : undefined;
    if (reportOf === undefined) return [];
    const target = entries.get(reportOf);
    if (target?.kind === 'command' && target.gate.command !== undefined) return [];
    return [`gates.${name}.reportOf names ${reportOf}, which is no gate with a command`];
  });
}

function faultsOf(error: z.ZodError, place: readonly string[]): string[] {
  return error.issues.map((issue) => {
    const where = [...place, ...issue.path].join('.');
    const message =
      issue.code === 'invalid_key'
        ? `the name ${issue.issues.map((inner) => inner.message).join(', ')}`
        : issue.message;
    return where === '' ? message : `${where}: ${message}`;
  });
}

function invalid(from: string, faults: readonly string[]): GatesError {
  return new GatesError(
    'gates_file_invalid',
    `${from} cannot be used: ${faults.join('; ')}. (mosaic-coordinator gates --schema prints what it may hold.)`,
  );
}
