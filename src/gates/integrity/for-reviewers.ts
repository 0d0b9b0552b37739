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
  return bounded(findings, 'snapshots were edited');
}

/** Files of the tests, no code, that say something else: rows of a table, what is expected. */
export function editedTestData(paths: readonly string[]): Finding[] {
  const message = 'data of tests was edited: what they are given, or what they expect';
  return bounded(
    paths.map((path) => warning(path, message, 'test-data-edited')),
    'data of tests were edited',
  );
}

/** Tracked sources that git ignores: linters and formatters that read `.gitignore` leave them out. */
export function ignoredSources(paths: readonly string[]): Finding[] {
  const message = 'is tracked and yet ignored by git: tools that read .gitignore do not look at it';
  return bounded(
    paths.map((path) => warning(path, message, 'source-ignored')),
    'source are tracked and yet ignored by git',
  );
}

function bounded(findings: readonly Finding[], what: string): Finding[] {
  const more = findings.length - shownFiles;
  const shown = findings.slice(0, shownFiles);
  if (more <= 0) return shown;
  return [...shown, warning(null, `${more} more files of ${what}`, shown[0]?.rule ?? undefined)];
}

function warning(file: string | null, message: string, rule = 'snapshot-edited'): Finding {
  return { file, line: null, column: null, rule, message, severity: 'warning' };
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
