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
 * Finds which file of the base each file of the head was, of those that differ: the one with the same
 * text, else the one at the same path, else, by git's rule, the most similar one. Untracked files take
 * part. Gives the old path by the new one.
 */
export function pairFiles(
  before: readonly PathText[],
  after: readonly PathText[],
): Map<string, string> {
  const pairs = new Map<string, string>();
  const taken = new Set<string>();
  const pair = (to: string, from: string | undefined) => {
    if (from === undefined || taken.has(from) || pairs.has(to)) return;
    pairs.set(to, from);
    taken.add(from);
  };
  // Several files may hold the same text: each is the origin of one.
  const byText = Map.groupBy(before, ({ text }) => text);
  for (const { path, text } of after) {
    if (text.trim() !== '') pair(path, byText.get(text)?.shift()?.path);
  }
  const paths = new Set(before.map(({ path }) => path));
  for (const { path } of after) pair(path, paths.has(path) ? path : undefined);
  const similarities = similaritiesOf(
    before.filter(({ path }) => !taken.has(path)),
    after.filter(({ path }) => !pairs.has(path)),
  );
  for (const { from, to } of similarities) pair(to, from);
  return pairs;
}

/** Pairs of similar files, the most similar first. */
function similaritiesOf(deleted: readonly PathText[], added: readonly PathText[]) {
  const deletedLines = deleted.map(({ path, text }) => ({ path, lines: distinctLines(text) }));
  const holders = new Map<string, typeof deletedLines>();
  for (const file of deletedLines) {
    for (const line of file.lines) {
      const others = holders.get(line);
      if (others) others.push(file);
      else holders.set(line, [file]);
    }
  }
  const candidates = added.flatMap((file) => {
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
  return candidates
    .filter(({ share }) => share >= similar)
    .sort((one, other) => other.share - one.share);
}

function distinctLines(text: string): Set<string> {
  return new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  );
}
