import { createHash } from 'node:crypto';

import type { Finding, GateResult } from '../gates/gate.ts';
import { verdictFindingsLimit } from '../issue/verification.ts';
import { oneLine } from '../lib/text.ts';

/** Maximum length of one finding, and of the message of a gate. */
const findingLimit = 600;
/** Length that is left for the last lines, which count what is not listed. */
const reserve = 1_000;

export interface ListRequest {
  /** Sentences above the list. */
  readonly opening: readonly string[];
  /** Gates that count and did not pass. */
  readonly gates: readonly GateResult[];
  readonly limit?: number;
}

/**
 * What the author is to fix: each finding once, by gate, as `file:line`; what does not fit is counted. Every gate gets
 * an equal share of the room, and what one does not need goes to the next.
 */
export function listFindings({
  opening,
  gates,
  limit = verdictFindingsLimit,
}: ListRequest): string {
  const lines = [...opening];
  let left = limit - reserve - lines.join('\n').length;
  const omitted: string[] = [];
  for (const [index, gate] of gates.entries()) {
    const heading = `\n## ${gate.gate}: ${gate.status}\n${oneLine(gate.message, findingLimit)}`;
    lines.push(heading);
    left -= heading.length + 1;
    const all = [...new Set(ofAuthor(gate.findings).map(shown))];
    let room = left / (gates.length - index);
    let listed = 0;
    for (const line of all) {
      if (line.length + 1 > room) break;
      lines.push(line);
      room -= line.length + 1;
      left -= line.length + 1;
      listed += 1;
    }
    const more = all.length - listed + gate.findingsOmitted;
    if (more > 0) omitted.push(`${gate.gate} ${more}`);
  }
  if (omitted.length > 0) lines.push(`\nNot listed: ${omitted.join(', ')} more.`);
  return lines.join('\n').slice(0, limit).toWellFormed();
}

/** Warnings matter only where there are no errors: they are for a reviewer. */
function ofAuthor(findings: readonly Finding[]): readonly Finding[] {
  const errors = findings.filter(({ severity }) => severity === 'error');
  return errors.length > 0 ? errors : findings;
}

function shown({ file, line, rule, message }: Finding): string {
  const place = file === null ? '' : `${file}${line === null ? '' : `:${line}`} `;
  const name = rule === null ? '' : `[${rule}] `;
  return oneLine(`- ${place}${name}${message}`, findingLimit);
}

/**
 * SHA-256 over the findings, the same for the same faults elsewhere in their files and in another run. A gate without
 * findings stands for itself by its message.
 */
export function fingerprintOf(gates: readonly GateResult[]): string {
  const parts = gates.flatMap(({ gate, status, message, findings }) => {
    const own = ofAuthor(findings);
    return own.length === 0
      ? [[gate, status, withoutNumbers(message)]]
      : own.map((finding) => [
          gate,
          finding.rule ?? '',
          finding.file ?? '',
          withoutNumbers(finding.message),
        ]);
  });
  return hashOf(parts.map((part) => JSON.stringify(part)));
}

/** SHA-256 over the parts, whatever their order and number. */
export function hashOf(parts: readonly string[]): string {
  const text = [...new Set(parts)].toSorted().join('\n');
  return createHash('sha256').update(text).digest('hex');
}

/** Without lines, columns, times and hashes, which differ from run to run. */
export function withoutNumbers(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{7,64}\b|\d+/g, '#');
}
