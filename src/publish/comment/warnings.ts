import { codeName, issueName, refsIn } from './markdown.ts';
import type { Warning } from '../../issue/reading.ts';

/** A fixed sentence for each code; `{refs}` stands for the issues that the stored sentence names. */
const sentences = new Map<string, string>([
  ['nothing_readable', 'The text declares nothing that can be read: default numbers are used.'],
  ['body_cut', 'The text is too long: its end was not read.'],
  ['text_not_kept', 'The text was not kept: edit the issue to have it read.'],
  ['text_not_parsed', 'The text took too long to read: only the lines of its template count.'],
  ['model_text_cut', 'The text is long: Claude was given its head and its tail.'],
  ['read_without_claude', 'Read without Claude.'],
  ['too_many_dependencies', 'The text declares too many dependencies: only the first ones count.'],
  ['too_many_mentions', 'The text names other issues too often: its end was not read.'],
  [
    'instruction_ignored',
    'A part of the text talks to the program that reads it: it does not count.',
  ],
  [
    'factors_assumed',
    'The text does not declare everything that the formula needs: the rest is assumed.',
  ],
  ['labels_uncertain', 'Gitea did not tell which labels the issue has: those known before count.'],
  ['gitea_unreadable', 'The bot cannot read this repository: give it access.'],
  ['difficulty_declared_twice', 'The text declares several difficulties: the first counts.'],
  ['agent_declared_twice', 'The text declares several agents: the first counts.'],
  ['total_declared_twice', 'The text declares several sizes: the first counts.'],
  [
    'declared_total_differs',
    'The declared size and what the formula makes of the declared parts are far apart.',
  ],
  [
    'declared_total_low',
    'The declared size is below what the formula makes of the declared parts.',
  ],
  ['size_disagrees', 'Claude reads another size than the text declares: the text counts.'],
  [
    'difficulty_disagrees',
    'Claude reads another difficulty than the text declares: the text counts.',
  ],
  ['agent_disagrees', 'Claude reads another agent than the text declares: the text counts.'],
  [
    'files_disagrees',
    'Claude reads another number of files than the text declares: the text counts.',
  ],
  [
    'complexity_disagrees',
    'The declared complexity fits neither the difficulty nor all that was read.',
  ],
  [
    'tests_disagrees',
    'Claude reads another effort for tests than the text declares: the text counts.',
  ],
  [
    'docs_disagrees',
    'Claude reads another effort for documentation than the text declares: the text counts.',
  ],
  ['difficulty_label_disagrees', 'Labels name another difficulty than the plan.'],
  ['label_agent_unknown', 'A label asks for an agent that is not configured.'],
  ['label_agents_differ', 'Labels ask for several agents: one of them counts.'],
  [
    'label_agent_refused',
    'A label asks for an agent that is not enabled or not trusted with this.',
  ],
  ['label_agent_cannot_hold', 'A label asks for an agent that has no room for this.'],
  [
    'declared_agent_refused',
    'The text recommends an agent that is not enabled or not trusted with this.',
  ],
  ['declared_agent_cannot_hold', 'The text recommends an agent that has no room for this.'],
  ['suggested_agent_ignored', 'Claude suggests another agent, which nobody asks for.'],
  ['formula_exceeds_agent', 'By the formula the issue is too large for its agent.'],
  ['self_reference', 'A dependency of the issue on itself was dropped.'],
  [
    'contradiction',
    'The text says of an issue that each waits for the other: neither counts. {refs}',
  ],
  [
    'direction_contradicts',
    'An issue is said to wait for this one and the other way round: neither counts. {refs}',
  ],
  [
    'direction_disagrees',
    'It is told differently which of two issues waits for the other: Gitea counts before the text, the text before Claude. {refs}',
  ],
  [
    'dependency_disagrees',
    'The text declares a dependency that Claude does not see: the text counts. {refs}',
  ],
  [
    'dependency_ruled_out',
    'Claude reads a dependency where the text declares none, or none any more: the text counts. {refs}',
  ],
  [
    'code_mismatch',
    'A code in the text names no issue, several, or another one than the number beside it: it does not count. {refs}',
  ],
  ['target_missing', 'A dependency on an issue that does not exist was dropped. {refs}'],
  [
    'target_unreadable',
    'The bot cannot read an issue this one waits for, or there is none. {refs}',
  ],
  [
    'hidden_blocker',
    'It is set on Gitea to wait for an issue that the bot may not see, but an agent has begun.',
  ],
  [
    'too_many_native_dependencies',
    'Too many dependencies are set on Gitea: not all of them were read.',
  ],
  ['blocker_open', 'What it waits for is open again, but an agent has begun. {refs}'],
  ['blocker_deleted', 'What it waited for was deleted: that no longer counts. {refs}'],
]);

/** References shown with one warning. */
const mostRefs = 2;

/** A warning in words of ours: the stored sentence may quote the issue's author. */
export function tellWarning({ code, text }: Warning): string {
  const sentence = sentences.get(code);
  if (sentence === undefined) return `Warning ${codeName(code)}.`;
  if (!sentence.endsWith(' {refs}')) return sentence;
  const refs = refsIn(text, mostRefs).map(issueName).join(', ');
  const words = sentence.slice(0, -' {refs}'.length);
  return refs === '' ? words : `${words} (${refs})`;
}
