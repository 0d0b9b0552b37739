import type { Dependency } from './reading.ts';
import { refWithin } from './ref.ts';

/** Maximum of proposals that one text makes in a direction. */
export const maxProposals = 20;

/** A dependency that is shown and blocks nothing, as one of its two issues sees it. */
export interface Proposal {
  /** The other issue. */
  readonly ref: string;
  /** `blocked_by`: this issue would wait for the other one. */
  readonly direction: Dependency['direction'];
  /** `proposed`: only Claude says so. `disputed`: the text says so, and Claude denies it. */
  readonly standing: 'proposed' | 'disputed';
  /** The words it rests on. */
  readonly evidence: string;
  /** The issue whose text has these words: this one or the other one. */
  readonly readIn: string;
  /** What makes it a dependency: this line in the text of that issue. */
  readonly confirm: { readonly issue: string; readonly line: string };
}

/** A reference as it is typed into the text of an issue: `#12`, or `acme/lib#3` in another repository. */
export function typedIn(own: string, ref: string): string {
  return refWithin(own.slice(0, own.lastIndexOf('#')), ref);
}

/** The line that ends a dependency which rests on Claude alone, for the text of the issue that waits. */
export function removalLine(own: string, ref: string): string {
  return `Not blocked by ${typedIn(own, ref)}`;
}

/** The proposal as it is shown; `own` is the issue that shows it. */
export function proposalOf(
  own: string,
  given: Pick<Proposal, 'ref' | 'direction' | 'standing' | 'evidence' | 'readIn'>,
): Proposal {
  const { ref, direction, standing, readIn } = given;
  // A disputed one is stated again where it stands; another issue waits by its own word alone.
  const issue = standing === 'disputed' ? readIn : direction === 'blocked_by' ? own : ref;
  const named = issue === own ? ref : own;
  const waits = (direction === 'blocked_by') === (issue === own);
  const line = `${waits ? 'Blocked by' : 'Blocks'}: ${typedIn(issue, named)}`;
  return { ...given, confirm: { issue, line } };
}

/** What it says, as one sentence; `quote` frames the words of the text, `name` an issue, `type` what is to be typed. */
export interface Style {
  readonly name: (ref: string) => string;
  readonly type: (line: string) => string;
  /** Undefined: the words are left out. */
  readonly quote?: ((evidence: string) => string) | undefined;
}

/** That an edge rests on Claude alone, on which words, and the line that ends it; each where the reader may see it. */
export function onlyClaudeText(
  removeWith: string | undefined,
  type: Style['type'],
  words?: string,
): string {
  const where = words === undefined ? '' : `, in ${words}`;
  const end = removeWith === undefined ? '' : `. To end it, write ${type(removeWith)}`;
  return `Only Claude reads that${where}${end}`;
}

/** A proposal in words of ours, and what makes it a dependency. */
export function proposalText(own: string, proposal: Proposal, style: Style): string {
  const { ref, direction, standing, readIn, evidence, confirm } = proposal;
  const { name, type, quote } = style;
  const words = quote === undefined ? '' : ` ${quote(evidence)}`;
  const waits =
    direction === 'blocked_by' ? `this waits for ${name(ref)}` : `${name(ref)} waits for this`;
  const line = type(confirm.line);
  if (standing === 'disputed')
    return `The text says${words === '' ? '' : `,${words},`} that ${waits}; Claude reads no dependency. It does not block. To make it count, write ${line} on a line of its own.`;
  const where = readIn === own ? (words === '' ? '' : ` in${words}`) : ` in ${name(readIn)}`;
  const into = confirm.issue === own ? '' : ` into ${name(confirm.issue)}`;
  return `Claude reads${where} that ${waits}; it does not block. To make it so, write${into}: ${line}.`;
}
