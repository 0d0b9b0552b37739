import { errorAt, type Finding } from '../gate.ts';
import { pairByKey, type Mark, type SourceChange } from './facts.ts';

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
  const covered = (now: MarkInFile, old: MarkInFile) => covers(old.mark, now.mark);
  let rest: { items: readonly MarkInFile[]; others: readonly MarkInFile[] } = {
    items: now.filter((placed) => !isNarrower(placed)),
    others: old,
  };
  rest = pairByKey(
    rest,
    ({ mark, change }) => keyFrom(change.path, mark.rule, mark.context),
    covered,
  );
  rest = pairByKey(
    rest,
    ({ mark }) => (mark.context === '' ? undefined : keyFrom(mark.rule, mark.context)),
    covered,
  );
  rest = pairByKey(
    rest,
    ({ mark, change }) => keyFrom(change.path, mark.rule),
    (one, other) => covered(one, other) && wasEdited(one, other),
  );
  return rest.items.map(({ mark, change }) => {
    const note = change.after?.parsed === false ? ' (found by words: the file does not parse)' : '';
    const because = consequences.get(mark.rule) ?? '';
    const message = `\`${mark.text}\` is new${because}${note}`;
    const finding = errorAt(change.path, mark.line, `new-${mark.rule}`, message);
    return warnings.has(mark.rule) ? { ...finding, severity: 'warning' } : finding;
  });
}

/** Honest as often as not: for the reviewer alone. */
const warnings = new Set([
  'platform-condition',
  'snapshot-serializer',
  'own-expect',
  'module-mock',
  'process-ended',
  'test-environment',
  'test-detection',
  'code-from-text',
  'module-declared',
]);

const consequences: ReadonlyMap<string, string> = new Map([
  [
    'conditional-skip',
    ': whether this is tested depends on the environment, and gates run with CI set',
  ],
  ['platform-condition', ': whether this is tested depends on the machine'],
  ['matcher-override', ': it replaces what tests are judged by'],
  ['builtin-override', ': equality is made of it'],
  ['own-expect', ': it replaces what tests are judged by'],
  ['process-ended', ': how the process ends is a part of the verdict'],
  ['module-mock', ': the code of the module is not tested there'],
  ['test-environment', ': its code runs around the tests'],
  ['test-detection', ': the code may do something else when it is tested'],
  ['code-from-text', ': coverage, lint and the compiler do not see what it runs'],
  ['module-declared', ': the types of the module are what it says here'],
  ['retry', ': a test that fails is run again until it passes'],
  ['snapshot-serializer', ': snapshots may leave out what it hides'],
]);

function keyFrom(...parts: readonly string[]): string {
  return parts.join('\0');
}

interface MarkInFile {
  readonly mark: Mark;
  readonly change: SourceChange;
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
