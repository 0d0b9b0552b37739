import { relative, resolve } from 'node:path';

import type { Finding, GateResult, GateStatus } from '../../gates/gate.ts';
import { printable, shorten, type Colour } from '../output.ts';

/** How a status is marked where people read. */
export const statusMarks: Record<GateStatus, { readonly symbol: string; readonly colour: Colour }> =
  {
    passed: { symbol: '✔', colour: 'green' },
    failed: { symbol: '✖', colour: 'red' },
    error: { symbol: '!', colour: 'yellow' },
    timeout: { symbol: '!', colour: 'yellow' },
    skipped: { symbol: '-', colour: 'dim' },
  };

/** `3.2 s`, `2 min 5 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `src/app.ts:3:7`, seen from the working directory, so that editors and terminals link it; empty when it is about no file. */
export function formatPlace(
  { file, line, column }: Pick<Finding, 'file' | 'line' | 'column'>,
  directory: string,
): string {
  if (file === null) return '';
  const path = printable(relative('', resolve(directory, file)));
  return [path, line, line === null ? null : column].filter((part) => part !== null).join(':');
}

/** What a gate came to, and what that is worth. */
export function describeResult({ message, counts, judgedBy }: GateResult): string {
  const weaker = judgedBy === 'exit_code' ? ' (weaker: exit code only)' : '';
  return `${counts ? '' : 'not counted: '}${formatMessage(message)}${weaker}`;
}

/** A finding in one line: place, message and rule. */
export function describeFinding(finding: Finding, directory: string): string {
  const rule = finding.rule === null ? '' : ` (${formatMessage(finding.rule)})`;
  return `${formatPlace(finding, directory)} ${formatMessage(finding.message)}${rule}`.trim();
}

const maxMessageLength = 300;

/** What a tool said, as one line without control characters, of a length that people read. */
export function formatMessage(message: string): string {
  return shorten(message, maxMessageLength);
}
