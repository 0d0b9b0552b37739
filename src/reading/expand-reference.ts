import type { KnownIssues } from './known-issues.ts';
import type { DirectedMention, Verdict } from './mentions.ts';
import type { IssueText } from '../issue/reading.ts';
import { formatRef, parseRef } from '../issue/ref.ts';
import type { Reference } from './references.ts';

/** Maximum width of a range whose issues are named one by one. */
const maxRange = 1_000;
/** The same where the tracker is not completely known. */
const maxUncheckedRange = 100;

/** Meaning and words of a reference. */
export interface Statement {
  readonly verdict: Verdict;
  readonly direction: DirectedMention['direction'];
  readonly sentence: string;
  readonly evidence: string;
}

/** Yields one mention for each issue that a reference names, checked against the tracker where it is known. */
export function* expandReference(
  reference: Reference,
  statement: Statement,
  issue: IssueText,
  known: KnownIssues | undefined,
): Generator<DirectedMention> {
  const { sentence, evidence, direction } = statement;
  const isMissing = (of: string, number: number) =>
    known !== undefined &&
    known.partial !== true &&
    !known.has(formatRef({ repository: of, number }));
  const named = (repository: string | null, number: number, verdict: Verdict): DirectedMention => ({
    mention: { repository, number, verdict, sentence, evidence },
    direction,
    address: reference.address,
  });
  const open = statement.verdict.kind !== 'ruled_out';
  const carriers = reference.code === undefined ? [] : (known?.refsWithCode(reference.code) ?? []);
  if (reference.number === undefined) {
    const [carrier] = carriers;
    const other = parseRef(carrier ?? '');
    if (other === undefined) return;
    const verdict: Verdict =
      carriers.length > 1 && open
        ? { kind: 'ruled_out', reason: 'code_mismatch' }
        : statement.verdict;
    yield named(
      ownAsNull(other.repository, issue),
      other.number,
      checked(other.repository, other.number, verdict),
    );
    return;
  }
  const repository = reference.repository ?? issue.repository;
  if (carriers.length === 1 && open && reference.to === undefined) {
    const other = parseRef(carriers[0] ?? '');
    const same =
      carriers[0]?.toLowerCase() ===
      formatRef({ repository, number: reference.number }).toLowerCase();
    const isKnown =
      known?.partial !== true || known.has(formatRef({ repository, number: reference.number }));
    if (!same && isKnown && other !== undefined) {
      const verdict: Verdict = { kind: 'ruled_out', reason: 'code_mismatch' };
      yield named(reference.repository, reference.number, verdict);
      yield named(ownAsNull(other.repository, issue), other.number, verdict);
      return;
    }
  }
  const isUnchecked = known === undefined || known.partial === true;
  const width = (reference.to ?? reference.number) - reference.number;
  const isWide = width > (isUnchecked ? maxUncheckedRange : maxRange);
  // The beginning of a range of dependencies is more than an issue may declare, which says that it is not read.
  const isBegun = isWide && isUnchecked && statement.verdict.kind === 'dependency';
  const last = reference.number + (isBegun ? maxUncheckedRange + 1 : width);
  const step = isWide && !isBegun ? width : 1;
  for (let number = reference.number; number <= last; number += step) {
    const inside = number !== reference.number && number !== last;
    if (inside && isMissing(repository, number)) continue;
    const verdict: Verdict = step > 1 && open ? { kind: 'undecided' } : statement.verdict;
    yield named(reference.repository, number, checked(repository, number, verdict));
  }

  function checked(of: string, number: number, verdict: Verdict): Verdict {
    if (verdict.kind === 'ruled_out' && verdict.reason !== 'contradiction') return verdict;
    if (isIssue(issue, of, number)) return { kind: 'ruled_out', reason: 'self' };
    if (isMissing(of, number)) return { kind: 'ruled_out', reason: 'unknown_target' };
    return verdict;
  }
}

export function isIssue(
  issue: IssueText,
  repository: string | null,
  number: number | undefined,
): boolean {
  return number === issue.number && (repository === null || ownAsNull(repository, issue) === null);
}

function ownAsNull(repository: string, issue: IssueText): string | null {
  return repository.toLowerCase() === issue.repository.toLowerCase() ? null : repository;
}
