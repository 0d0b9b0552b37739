/** A text and the path it stands at. */
export interface PathText {
  readonly path: string;
  readonly text: string;
}

/** How much of the smaller file's lines two files must share to be the same file under two names. */
const similar = 0.5;
/** A line in more files than this (`});`) tells nothing about which file it came from. */
const commonLine = 20;

/**
 * Finds which deleted file an added one was: the same rule as git's, on the files of the working tree,
 * untracked ones included. Gives the old path by the new one.
 */
export function findRenames(
  deleted: readonly PathText[],
  added: readonly PathText[],
): Map<string, string> {
  const renames = new Map<string, string>();
  const taken = new Set<string>();
  const byText = new Map(deleted.map(({ path, text }) => [text, path]));
  for (const { path, text } of added) {
    const from = byText.get(text);
    if (from === undefined || taken.has(from)) continue;
    renames.set(path, from);
    taken.add(from);
  }
  const deletedLines = deleted.map(({ path, text }) => ({ path, lines: distinctLines(text) }));
  const holders = new Map<string, typeof deletedLines>();
  for (const file of deletedLines) {
    for (const line of file.lines) {
      const others = holders.get(line);
      if (others) others.push(file);
      else holders.set(line, [file]);
    }
  }
  const pairs = added.flatMap((file) => {
    const lines = distinctLines(file.text);
    const shared = new Map<(typeof deletedLines)[number], number>();
    for (const line of lines) {
      const files = holders.get(line) ?? [];
      if (files.length > commonLine) continue;
      for (const old of files) shared.set(old, (shared.get(old) ?? 0) + 1);
    }
    return [...shared].map(([old, count]) => ({
      from: old.path,
      to: file.path,
      share: count / Math.max(1, Math.min(old.lines.size, lines.size)),
    }));
  });
  for (const { from, to, share } of pairs.sort((a, b) => b.share - a.share)) {
    if (share < similar) break;
    if (renames.has(to) || taken.has(from)) continue;
    renames.set(to, from);
    taken.add(from);
  }
  return renames;
}

function distinctLines(text: string): Set<string> {
  return new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  );
}
