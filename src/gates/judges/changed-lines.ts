import { lstat } from 'node:fs/promises';
import { extname, join } from 'node:path';

import { git } from '../checkout/git-command.ts';
import { splitNul, withoutFilters } from '../checkout/repository.ts';
import { CoordinatorError } from '../../errors.ts';
import { baseCommit } from '../integrity/trees/base-tree.ts';
import type { FileLines } from './file-coverage.ts';

/** Added and changed lines by file, relative to the directory; `all` for a file of which every line counts. */
export type ChangedLines = ReadonlyMap<string, ReadonlySet<number> | 'all'>;

/** Maximum bytes of the difference: a change that nobody could review is larger. */
const maxBytes = 128 * 1024 * 1024;

/**
 * The lines of the work tree that differ from the commit it shares with `base`; renamed files are followed. All
 * lines of a new file count, and all of one whose changes git was told not to see. Rejects when there is no such
 * commit.
 */
export async function changedLines({
  directory,
  base,
  signal,
}: {
  readonly directory: string;
  readonly base: string;
  readonly signal: AbortSignal;
}): Promise<ChangedLines> {
  const commit = await baseCommit(directory, base, signal);
  const filters = await withoutFilters(directory, signal);
  const run = async (...args: readonly string[]) => {
    const { exitCode, stdout, stderr } = await git(directory, args, { signal, maxBytes });
    if (exitCode === 0) return stdout;
    throw new CoordinatorError('git_failed', `git cannot compare with ${base}: ${stderr}`);
  };
  const diff = await run(...filters, 'diff', ...diffOptions, commit, '--', '.');
  const changes = new Map(parseDiff(diff.toString('utf8')));
  const untracked = splitNul(await run('ls-files', '-z', '--others', '--exclude-standard'));
  for (const path of untracked) changes.set(path, 'all');
  for (const path of hidden(splitNul(await run('ls-files', '-z', '-v'))))
    if ((await lstat(join(directory, path)).catch(() => undefined)) !== undefined)
      changes.set(path, 'all');
  return changes;
}

/** The repository configures git's output; options win. */
const diffOptions = [
  ...['--unified=0', '--inter-hunk-context=0', '--no-color', '--no-ext-diff', '--no-textconv'],
  ...['--find-renames', '-l5000', '--ignore-submodules=all', '--relative'],
  ...['--src-prefix=a/', '--dst-prefix=b/'],
];

/** Files that the index marks as unchanged (lower case) or as not in the work tree (S). */
function hidden(entries: readonly string[]): readonly string[] {
  return entries.filter((entry) => /^[a-zS] /.test(entry)).map((entry) => entry.slice(2));
}

/** Reads the output of `git diff --unified=0`. */
export function parseDiff(text: string): ChangedLines {
  const changes = new Map<string, Set<number> | 'all'>();
  let file: string | undefined;
  // Lines of the hunk still to come, which may look like headers.
  let content = 0;
  for (const line of text.split('\n')) {
    if (content > 0 && /^[-+]/.test(line)) content -= 1;
    else if (line.startsWith('diff --git ')) file = undefined;
    else if (line.startsWith('+++ ')) file = pathIn(line.slice('+++ '.length));
    else if (line.startsWith('Binary files ')) {
      const name = pathIn(/ and ("?b\/.*) differ$/.exec(line)?.[1] ?? '');
      if (name !== undefined) changes.set(name, 'all');
    } else {
      const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
      if (hunk === null || file === undefined) continue;
      const [, removed = '1', start = '0', added = '1'] = hunk;
      content = Number(removed) + Number(added);
      const lines = changes.get(file) ?? new Set<number>();
      changes.set(file, lines);
      if (lines === 'all') continue;
      for (let offset = 0; offset < Number(added); offset += 1) lines.add(Number(start) + offset);
    }
  }
  return changes;
}

/** The path of a header; undefined for a file that is gone. git quotes names with control characters or quotes. */
function pathIn(named: string): string | undefined {
  const plain = named.startsWith('"') ? unquote(named) : named.replace(/\t$/, '');
  return plain.startsWith('b/') ? plain.slice('b/'.length) : undefined;
}

function unquote(quoted: string): string {
  const letters: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return quoted
    .replace(/^"|"\s*$/g, '')
    .replace(/\\(\d{3}|.)/g, (_, code: string) =>
      /^\d{3}$/.test(code)
        ? String.fromCharCode(Number.parseInt(code, 8))
        : (letters[code] ?? code),
    );
}

/** How well the changed lines are covered. */
export interface ChangedCoverage {
  readonly covered: number;
  /** Changed lines that the report knows as executable. */
  readonly executable: number;
  /** Files with such lines. */
  readonly files: number;
  /** Such lines that were not executed. */
  readonly missed: readonly { readonly file: string; readonly line: number }[];
  /** Changed files that the report does not know although it measures files of their kind. */
  readonly unmeasured: readonly string[];
}

/** Intersects the changed lines with those that a report of coverage knows as executable. */
export function changedCoverage(changes: ChangedLines, report: FileLines): ChangedCoverage {
  const kinds = new Set([...report.keys()].map((file) => extname(file)));
  const missed: { file: string; line: number }[] = [];
  const unmeasured: string[] = [];
  let [covered, executable, files] = [0, 0, 0];
  for (const [file, changed] of changes) {
    const lines = report.get(file);
    if (lines === undefined) {
      if (changed === 'all' || changed.size > 0)
        if (kinds.has(extname(file))) unmeasured.push(file);
      continue;
    }
    const concerned = [...lines].filter(([line]) => changed === 'all' || changed.has(line));
    if (concerned.length > 0) files += 1;
    executable += concerned.length;
    for (const [line, hits] of concerned)
      if (hits > 0) covered += 1;
      else missed.push({ file, line });
  }
  return { covered, executable, files, missed, unmeasured };
}
