import type { Finding, GateResult } from '../gate.ts';

/** A report of a command. */
export interface JudgedReport {
  /** Path as the gates file names it. */
  readonly file: string;
  readonly text: string;
  /** Exit code of the command; 0 for a second report of a run, whose exit code another gate judges. */
  readonly exitCode: number;
  /** Absolute directory under check; findings name files relative to it. */
  readonly directory: string;
  /** Absolute directory the command ran in; reports may name files relative to it. */
  readonly ranIn: string;
  /** Files of the project, relative to `directory`. */
  readonly files: ReadonlySet<string>;
}

/** What a report comes to. */
export interface Judgement {
  readonly status: 'passed' | 'failed' | 'error';
  readonly message: string;
  readonly details?: GateResult['details'];
  readonly findings?: readonly Finding[];
  readonly faults?: number | undefined;
}
