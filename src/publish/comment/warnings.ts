import { difficulties } from '../../issue/difficulty.ts';
import { render, type Sentences } from '../../issue/coded.ts';
import type { Warning, WarningParams } from '../../issue/warnings.ts';
import { code, inWords } from './markdown.ts';
import { agentLabels, isVisible, linksTo, typedRef, type Subject } from './subject.ts';

/** A warning as the reader of an issue is told it; `act`: there is something to do, so it is not folded. */
export interface Note {
  readonly text: string;
  readonly act: boolean;
}

type Tell = (subject: Subject) => Note | undefined;

/**
 * A fixed sentence for each warning, and the issues it is about. Nothing else of the params is shown: they
 * may quote the issue's author or Claude. A warning that tells the state of an issue, or whether there is
 * one, is left out where the readers may not see that issue.
 */
export const commentWarnings: Sentences<WarningParams, Tell> = {
  nothing_readable: () => know('The text declares nothing that can be read: these are defaults.'),
  body_cut: () => act('The text is too long: its end was not read. Shorten it.'),
  text_not_kept: () => act('The text was not stored: edit the issue to have it read.'),
  text_unreadable: () => know('Nothing of the text counts.'),
  model_text_cut: () => know('The text is long: Claude read only its beginning and its end.'),
  read_without_claude: () => know('Read without Claude.'),
  too_many_dependencies: () =>
    act('The text declares too many dependencies: only the first ones count. Split the issue.'),
  too_many_mentions: () =>
    act('The text names other issues too often: its end was not read. Shorten it.'),
  outside_dependencies: ({ count }) =>
    act(
      count === 1
        ? 'The text waits for something outside this Gitea, which nobody watches. Unassign the bot until it is done.'
        : `The text waits for ${count} things outside this Gitea, which nobody watches. Unassign the bot until they are done.`,
    ),
  context_only: ({ refs }) =>
    about(refs, 'The text lists an issue as a dependency, but only to be read: it does not count.'),
  instruction_ignored: () =>
    act(
      'A part of the text gives instructions to the program that reads it: that part is ignored.',
    ),
  factors_assumed: () => know('What the formula needs and the text does not declare is assumed.'),
  labels_uncertain: () =>
    know('Gitea did not say which labels the issue has: the labels known before count.'),
  gitea_unreadable: () =>
    act('The bot cannot read this repository: somebody who administers it can give it access.'),
  difficulty_declared_twice: () =>
    act(`The text declares several difficulties: the first counts. Keep one ${difficultyLine}.`),
  agent_declared_twice: () =>
    act(`The text asks for several agents: the first counts. Keep one ${agentLine}.`),
  total_declared_twice: () =>
    act(`The text declares several sizes: the first counts. Keep one ${totalLine}.`),
  declared_total_differs: () =>
    know('The declared size and the formula for the declared parts are far apart.'),
  declared_total_low: () =>
    know('The declared size is below what the formula gives for the declared parts.'),
  size_disagrees: () => know('Claude reads another size: the text counts.'),
  difficulty_disagrees: () => know('Claude reads another difficulty: the text counts.'),
  agent_disagrees: () => know('Claude reads another agent: the text counts.'),
  files_disagrees: () => know('Claude reads another number of files: the text counts.'),
  complexity_disagrees: ({ with: opposite }) =>
    know(
      opposite === 'claude'
        ? 'Claude reads another complexity: the text counts.'
        : 'The declared complexity does not match the difficulty.',
    ),
  tests_disagrees: () => know('Claude reads another effort for tests: the text counts.'),
  docs_disagrees: () => know('Claude reads another effort for documentation: the text counts.'),
  difficulty_label_disagrees: () =>
    act('The labels name another difficulty than the one that counts: remove them.'),
  label_agent_unknown: () => actOnLabels('A label asks for an agent that does not exist.'),
  label_agents_differ: () => act('Labels ask for several agents. Keep one of them.'),
  label_agent_refused: () =>
    actOnLabels('A label asks for an agent that may not take this difficulty.'),
  label_agent_cannot_hold: () =>
    actOnLabels('A label asks for an agent that is too small for this issue.'),
  declared_agent_refused: () =>
    act(`The text asks for an agent that may not take this difficulty. Change the ${agentLine}.`),
  declared_agent_cannot_hold: () =>
    act(`The text asks for an agent that is too small for this issue. Change the ${agentLine}.`),
  suggested_agent_ignored: () => know('Claude suggests another agent, but nobody asked for it.'),
  formula_exceeds_agent: () => know('By the formula the issue is too large for its agent.'),
  self_reference: () => act('The issue depends on itself: that dependency does not count.'),
  contradiction: ({ refs }) =>
    about(refs, 'The text says that this issue and another block each other: neither counts.'),
  direction_contradicts: ({ ref }) =>
    about([ref], 'Two dependencies say that each issue blocks the other: neither counts.'),
  direction_disagrees: ({ ref }) =>
    about(
      [ref],
      'Sources disagree about which issue blocks the other: Gitea counts before the text, the text before Claude.',
    ),
  // The list of what is undecided says it.
  dependency_disagrees: () => () => undefined,
  dependency_ruled_out: ({ refs }) => ruledOut(refs),
  code_mismatch: ({ refs }) =>
    about(
      refs,
      'A code in the text names no issue, several, or another one than the number beside it: it does not count.',
    ),
  target_missing: ({ ref }) =>
    whereVisible(ref, 'It names an issue that does not exist: correct the number.'),
  target_unreadable: ({ ref }) => whereNotSaid(ref),
  hidden_blocker: () =>
    act('An issue that the bot may not see blocks this one, but an agent has already started.'),
  too_many_native_dependencies: () =>
    act('Gitea has too many dependencies for this issue: some of them were not read.'),
  blocker_open: ({ ref }) =>
    whereVisible(ref, 'An issue that blocks this one is open, but an agent has already started.'),
  blocker_closed_early: ({ ref, pull }) =>
    whereVisible(
      ref,
      'An issue that blocked this one is closed, but a pull request for it is still open: is the work in?',
      [ref, pull],
    ),
  parent_blocks_part: ({ parent, parts }) =>
    ofVisible(
      parent,
      parts,
      'A parent blocks its own part, and would end when its parts end. It does not hold the part back: remove one of the two statements.',
    ),
  held_by_label: () => act('A label asks to hold this issue, but an agent has already started.'),
  blocker_deleted: ({ ref }) =>
    whereVisible(ref, 'An issue that blocked this one was deleted: it no longer counts.'),
  budget_nearly_used: () => know('Most of what an agent may spend on this issue is spent.'),
};

/** The lines to write into the text, with a value for an example. */
const agentLine = `line ${code('Recommended agent: …')}`;
const difficultyLine = `line ${inWords(
  difficulties.map((word) => code(`Difficulty: ${word}`)),
  'or',
)}`;
const totalLine = `line ${code('Total estimated: …')}`;

function know(text: string): Tell {
  return () => ({ text, act: false });
}

function act(text: string): Tell {
  return () => ({ text, act: true });
}

function actOnLabels(text: string): Tell {
  return ({ setting }) => ({
    text: `${text} Remove it, or choose ${inWords(agentLabels(setting), 'or')}.`,
    act: true,
  });
}

/** Maximum number of references shown with one warning. */
const maxRefs = { lines: 2, characters: 320 };

function about(refs: readonly string[], text: string, tell: (text: string) => Tell = act): Tell {
  return (subject) => {
    const links = linksTo(subject, refs, maxRefs);
    return tell(links.length === 0 ? text : `${text} (${links.join(', ')})`)(subject);
  };
}

function whereVisible(ref: string, text: string, named: readonly string[] = [ref]): Tell {
  return (subject) => (isVisible(subject.setting, ref) ? about(named, text)(subject) : undefined);
}

/** Told only of open issues, so nothing may be counted or named that readers may not see. */
function ofVisible(parent: string, parts: readonly string[], text: string): Tell {
  return (subject) => {
    const seen = [parent, ...parts].filter((ref) => isVisible(subject.setting, ref));
    return seen[0] === parent && seen.length > 1 ? about(seen, text)(subject) : undefined;
  };
}

/** The first sentence says it of what the issue waits for. */
function whereNotSaid(ref: string): Tell {
  return (subject) =>
    subject.waits.unknown.some((edge) => edge.ref === ref)
      ? undefined
      : whereVisible(
          ref,
          'It names an issue that the bot cannot read, or that does not exist.',
        )(subject);
}

function ruledOut(refs: readonly string[]): Tell {
  return (subject) => {
    const [first] = refs.filter((ref) => isVisible(subject.setting, ref));
    const words = code(`Blocked by ${first === undefined ? '…' : typedRef(subject, first)}`);
    const text = `Claude sees a dependency where the text declares none: the text counts. If the issue has to wait, write ${words}.`;
    return about(refs, text)(subject);
  };
}

export function commentWarning(warning: Warning, subject: Subject): Note | undefined {
  return render(commentWarnings, warning)(subject);
}
