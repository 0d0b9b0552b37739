import type { ReportKind } from '../schema.ts';

/** A command in the gates file: a text for `sh -c`. */
export interface ProposedCommand {
  readonly command: string;
  readonly in?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export type ProposedStep = string | ProposedCommand;

/** A gate as it is written to the gates file: options of a built-in gate, or a command gate. */
export type ProposedGate = Readonly<
  Partial<Record<ReportKind | 'reportOf' | 'command' | 'in' | 'level' | 'root', string>> & {
    readonly env?: Readonly<Record<string, string>>;
    readonly paths?: readonly string[];
    readonly projects?: readonly string[];
    readonly tsconfig?: readonly string[];
    readonly thresholds?: number;
  }
>;

/** What one tool chain of the project adds to the gates file. */
export interface Proposal {
  readonly install: readonly ProposedStep[];
  readonly build: readonly ProposedStep[];
  readonly gates: readonly NamedGate[];
  /** Sentences for the person who reviews the file: what it leaves out, and what only they can decide. */
  readonly notes: readonly string[];
}

export type NamedGate = readonly [name: string, gate: ProposedGate];

export const nothing: Proposal = { install: [], build: [], gates: [], notes: [] };

/** Percent that a proposed gate of coverage asks for, as the built-in one does. */
export const proposedCoverage = 85;

/** Joins what several parts propose, in their order. */
export function join(...parts: readonly Partial<Proposal>[]): Proposal {
  return {
    install: parts.flatMap(({ install = [] }) => install),
    build: parts.flatMap(({ build = [] }) => build),
    gates: parts.flatMap(({ gates = [] }) => gates),
    notes: parts.flatMap(({ notes = [] }) => notes),
  };
}

/** A path that the gates file can hold: relative, and not out of the directory. */
export function isPlace(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.split('/').includes('..');
}
