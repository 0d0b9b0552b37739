import type { Finding } from '../gate.ts';
import type { Mark } from './facts.ts';
import type { SourceChange } from './source-change.ts';

/**
 * The marks of the head that the base did not have. Counted over the whole tree, so that moved code is not
 * new: a mark is known by the code or test it applies to. Within one file it also stays known when just
 * that code was edited.
 */
export function newMarks(changes: readonly SourceChange[]): Finding[] {
  const old = changes.flatMap((change) =>
    (change.before?.marks ?? []).map((mark): MarkInFile => ({ mark, change })),
  );
  const now = changes.flatMap((change) =>
    (change.after?.marks ?? []).map((mark): MarkInFile => ({ mark, change })),
  );
  const narrowed = now.filter((placed) => !isNarrower(placed));
  let rest = withoutKnown(narrowed, old, ({ mark, change }) => [
    change.path,
    mark.rule,
    mark.context,
  ]);
  rest = withoutKnown(rest.now, rest.old, ({ mark }) =>
    mark.context === '' ? undefined : [mark.rule, mark.context],
  );
  rest = withoutKnown(
    rest.now,
    rest.old,
    ({ mark, change }) => [change.path, mark.rule],
    wasEdited,
  );
  return rest.now.map(({ mark, change }) => ({
    file: change.path,
    line: mark.line,
    column: null,
    rule: `new-${mark.rule}`,
    message: `\`${mark.text}\` is new${change.after?.parsed === false ? ' (found by words: the file does not parse)' : ''}`,
    severity: 'error',
  }));
}

interface MarkInFile {
  readonly mark: Mark;
  readonly change: SourceChange;
}

/** Takes out, pair by pair, what stands on both sides under the same key. */
function withoutKnown(
  now: readonly MarkInFile[],
  old: readonly MarkInFile[],
  keyOf: (placed: MarkInFile) => string[] | undefined,
  matches: (now: MarkInFile, old: MarkInFile) => boolean = () => true,
): { now: MarkInFile[]; old: MarkInFile[] } {
  const candidates = new Map<string, MarkInFile[]>();
  for (const placed of old) {
    const key = keyOf(placed)?.join('\0');
    if (key === undefined) continue;
    const others = candidates.get(key);
    if (others) others.push(placed);
    else candidates.set(key, [placed]);
  }
  const used = new Set<MarkInFile>();
  const unknown = now.filter((placed) => {
    const others = candidates.get(keyOf(placed)?.join('\0') ?? '') ?? [];
    const index = others.findIndex(
      (other) => covers(other.mark, placed.mark) && matches(placed, other),
    );
    const [match] = index < 0 ? [] : others.splice(index, 1);
    if (match) used.add(match);
    return match === undefined;
  });
  return { now: unknown, old: old.filter((placed) => !used.has(placed)) };
}

/** A directive may come to name fewer rules, not more. */
function covers(old: Mark, now: Mark): boolean {
  if (old.names.length === 0) return true;
  return now.names.length > 0 && now.names.every((name) => old.names.includes(name));
}

/** The whole file was under such a mark already. */
function isNarrower({ mark, change }: MarkInFile): boolean {
  return (
    mark.context !== '' &&
    (change.before?.marks ?? []).some(
      (old) => old.context === '' && old.rule === mark.rule && covers(old, mark),
    )
  );
}

/** What the old mark applied to is gone and what the new one applies to was not there before. */
function wasEdited(now: MarkInFile, old: MarkInFile): boolean {
  return (
    now.mark.context !== '' &&
    old.change.after?.known.has(old.mark.context) !== true &&
    now.change.before?.known.has(now.mark.context) !== true
  );
}
