import type { Finding } from '../gate.ts';
import { isSnapshot } from './trees/made-files.ts';
import type { FileChange } from './trees/tree-changes.ts';

/** More than a reviewer reads one by one. */
const shownFiles = 20;

/** Snapshots that say something else than at the base, or are gone. A new one is new work. */
export function editedSnapshots(changes: readonly FileChange[]): Finding[] {
  const findings = changes.flatMap(({ path, before, after }): Finding[] => {
    if (!isSnapshot(path) || before === undefined) return [];
    const message = after === undefined ? 'the snapshots are gone' : said(before, after);
    return message === undefined ? [] : [warning(path, message)];
  });
  const more = findings.length - shownFiles;
  if (more <= 0) return findings;
  return [
    ...findings.slice(0, shownFiles),
    warning(null, `${more} more files of snapshots were edited`),
  ];
}

function warning(file: string | null, message: string): Finding {
  return { file, line: null, column: null, rule: 'snapshot-edited', message, severity: 'warning' };
}

function said(before: string, after: string): string | undefined {
  const [old, now] = [entriesOf(before), entriesOf(after)];
  const edited = [...old].filter(([name, text]) => now.has(name) && now.get(name) !== text).length;
  const removed = [...old.keys()].filter((name) => !now.has(name)).length;
  if (edited + removed === 0) return undefined;
  const parts = [edited > 0 ? `${edited} edited` : '', removed > 0 ? `${removed} removed` : ''];
  return `of ${old.size} ${old.size === 1 ? 'snapshot' : 'snapshots'} ${parts.filter(Boolean).join(', ')}`;
}

/** The snapshots by name; a file that is one snapshot has an empty name. */
function entriesOf(text: string): Map<string, string> {
  return new Map(
    text.split(/^(?=exports\[`)/m).flatMap((entry): [string, string][] => {
      const name = /^exports\[`((?:[^`\\]|\\.)*)`\]/.exec(entry)?.[1];
      if (name !== undefined) return [[name, entry.trim()]];
      return text.includes('exports[`') ? [] : [['', entry]];
    }),
  );
}
