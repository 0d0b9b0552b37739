import { render, type Sentences } from '../../issue/coded.ts';
import type { Warning, WarningParams } from '../../issue/warnings.ts';
import { namesOf } from './markdown.ts';

/**
 * A fixed sentence for each warning, and the issues it is about. Nothing else of the params is shown: they
 * may quote the author or Claude.
 */
export const commentWarnings: Sentences<WarningParams> = {
  nothing_readable: () => 'The text declares nothing that can be read: default numbers are used.',
  body_cut: () => 'The text is too long: its end was not read.',
  text_not_kept: () => 'The text was not stored: edit the issue to have it read.',
  text_not_parsed: () => 'The text took too long to read: only the lines of its template count.',
  model_text_cut: () => 'The text is long: Claude read only its beginning and its end.',
  read_without_claude: () => 'Read without Claude.',
  too_many_dependencies: () =>
    'The text declares too many dependencies: only the first ones count.',
  too_many_mentions: () => 'The text names other issues too often: its end was not read.',
  instruction_ignored: () =>
    'A part of the text gives instructions to the program that reads it: that part was ignored.',
  factors_assumed: () =>
    'The text does not declare everything that the formula needs: the rest is assumed.',
  labels_uncertain: () =>
    'Gitea did not say which labels the issue has: the labels known before count.',
  gitea_unreadable: () => 'The bot cannot read this repository: give it access.',
  difficulty_declared_twice: () => 'The text declares several difficulties: the first counts.',
  agent_declared_twice: () => 'The text declares several agents: the first counts.',
  total_declared_twice: () => 'The text declares several sizes: the first counts.',
  declared_total_differs: () =>
    'The declared size and the result of the formula for the declared parts are far apart.',
  declared_total_low: () =>
    'The declared size is below the result of the formula for the declared parts.',
  size_disagrees: () => 'Claude reads another size than the text declares: the text counts.',
  difficulty_disagrees: () =>
    'Claude reads another difficulty than the text declares: the text counts.',
  agent_disagrees: () => 'Claude reads another agent than the text declares: the text counts.',
  files_disagrees: () =>
    'Claude reads another number of files than the text declares: the text counts.',
  complexity_disagrees: ({ with: opposite }) =>
    opposite === 'claude'
      ? 'Claude reads another complexity than the text declares: the text counts.'
      : 'The declared complexity does not match the difficulty.',
  tests_disagrees: () =>
    'Claude reads another effort for tests than the text declares: the text counts.',
  docs_disagrees: () =>
    'Claude reads another effort for documentation than the text declares: the text counts.',
  difficulty_label_disagrees: () => 'Labels name another difficulty than the plan.',
  label_agent_unknown: () => 'A label asks for an agent that is not configured.',
  label_agents_differ: () => 'Labels ask for several agents: one of them counts.',
  label_agent_refused: () =>
    'A label asks for an agent that is not enabled, or not trusted with this difficulty.',
  label_agent_cannot_hold: () =>
    'A label asks for an agent whose context is too small for this issue.',
  declared_agent_refused: () =>
    'The text recommends an agent that is not enabled, or not trusted with this difficulty.',
  declared_agent_cannot_hold: () =>
    'The text recommends an agent whose context is too small for this issue.',
  suggested_agent_ignored: () => 'Claude suggests another agent, but nobody asked for that agent.',
  formula_exceeds_agent: () => 'By the formula the issue is too large for its agent.',
  self_reference: () => 'The issue depends on itself: that dependency was dropped.',
  contradiction: ({ refs }) =>
    `The text says that this issue and another block each other: neither dependency counts.${about(refs)}`,
  direction_contradicts: ({ ref }) =>
    `Two dependencies contradict each other about which issue blocks the other: neither counts.${about([ref])}`,
  direction_disagrees: ({ ref }) =>
    `Sources disagree about which issue blocks the other: Gitea counts before the text, the text before Claude.${about([ref])}`,
  dependency_disagrees: ({ ref }) =>
    `The text declares a dependency that Claude does not see: the text counts.${about([ref])}`,
  dependency_ruled_out: ({ refs }) =>
    `Claude sees a dependency where the text declares none, or no longer does: the text counts.${about(refs)}`,
  code_mismatch: ({ refs }) =>
    `A code in the text names no issue, several issues, or another issue than the number beside it: it does not count.${about(refs)}`,
  target_missing: ({ ref }) =>
    `A dependency on an issue that does not exist was dropped.${about([ref])}`,
  target_unreadable: ({ ref }) =>
    `The bot cannot read an issue that blocks this one, or that issue does not exist.${about([ref])}`,
  hidden_blocker: () =>
    'An issue that the bot may not see blocks this one on Gitea, but an agent has already started.',
  too_many_native_dependencies: () =>
    'Gitea has too many dependencies for this issue: some of them were not read.',
  blocker_open: ({ ref }) =>
    `An issue that blocks this one is open again, but an agent has already started.${about([ref])}`,
  blocker_deleted: ({ ref }) =>
    `An issue that blocked this one was deleted: it no longer counts.${about([ref])}`,
};

/** Maximum number of references shown with one warning. */
const maxRefs = 2;

function about(refs: readonly string[]): string {
  const names = namesOf(refs, maxRefs);
  return names === '' ? '' : ` (${names})`;
}

export function commentWarning(warning: Warning): string {
  return render(commentWarnings, warning);
}
