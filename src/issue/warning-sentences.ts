import { capital, thousands } from '../lib/text.ts';
import { render, type Sentences } from './coded.ts';
import { failingText } from './fit-rules.ts';
import type { Dependency } from './reading.ts';
import { hiddenText } from './reasons.ts';
import { amount, nearlyUsed } from './spending.ts';
import { unreadableTexts } from './unreadable.ts';
import type { Source } from './source.ts';
import type { AskFailure, Warning, WarningParams } from './warnings.ts';

export const askFailureSentences: Readonly<Record<AskFailure, string>> = {
  refused: 'Claude declined to read this text.',
  truncated: 'The answer of Claude was cut off.',
  invalid: 'Claude sent an answer that cannot be used.',
  rate_limited: 'Claude takes no more calls for now.',
  unavailable: 'Claude could not be reached.',
  auth: 'Claude refused the key: check ANTHROPIC_API_KEY.',
  timeout: 'Claude did not answer in time.',
  budget: 'The calls to Claude allowed in an hour are used up.',
};

const speakers: Readonly<Record<Source, string>> = {
  gitea: 'Gitea',
  declared: 'the text',
  model: 'Claude',
  formula: 'the formula',
  default: 'nobody',
};

/** A sentence for each warning, as the API and the command line give it. */
export const warningSentences: Sentences<WarningParams> = {
  nothing_readable: () =>
    'The text declares no size, difficulty, agent or dependency: default numbers are used.',
  body_cut: () =>
    'The text is longer than 1,000,000 characters: the rest was not kept and not read.',
  text_not_kept: () =>
    'The text of this issue was not kept: edit the issue, or replay its newest delivery.',
  text_unreadable: ({ cause }) =>
    `The text could not be read: ${unreadableTexts[cause]}. Nothing of it counts.`,
  model_text_cut: () => 'The text is longer than 32 KB: Claude was given its head and its tail.',
  read_without_claude: ({ failure, asksAgain }) =>
    `Read without Claude: ${askFailureSentences[failure]}${asksAgain ? ' It is asked again later.' : ''}`,
  too_many_dependencies: ({ limit }) =>
    `The text declares more than ${limit} dependencies: only the first ${limit} count.`,
  too_many_mentions: ({ limit }) =>
    `The text names other issues ${thousands(limit)} times or more: what follows was not read.`,
  outside_dependencies: ({ count }) =>
    count === 1
      ? 'The text waits for something outside this Gitea: nobody looks whether it is done, so a person has to decide.'
      : `The text waits for ${count} things outside this Gitea: nobody looks whether they are done, so a person has to decide.`,
  context_only: ({ refs }) =>
    `The text lists ${refs.join(', ')} among its dependencies, with a remark that it is only to be read: it does not count.`,
  instruction_ignored: () =>
    'A part of the text is addressed to the program that reads it: it was passed over.',
  factors_assumed: ({ assumed }) => {
    const factors = assumed.map(({ factor, value }) => `${factor} ${value}`).join(', ');
    return `Not declared, so assumed for the formula: ${factors}.`;
  },
  labels_uncertain: () =>
    'Gitea sent an empty list of labels, which it also does when labels were replaced: the labels known before are kept.',
  gitea_unreadable: ({ repository }) =>
    `The bot cannot read ${repository} on Gitea: this plan rests on what deliveries told. Give the bot access to it.`,
  difficulty_declared_twice: (params) => declaredTwice('difficulty', params),
  agent_declared_twice: (params) => declaredTwice('agent', params),
  total_declared_twice: (params) => declaredTwice('total', params),
  declared_total_differs: (params) => `${bothTotals(params)}.`,
  declared_total_low: (params) => `${bothTotals(params)}: the range reaches up to it.`,
  size_disagrees: ({ declared, claude }) =>
    disagreement('size', {
      declared: `${thousands(declared)} tokens`,
      claude: `${thousands(claude)} tokens`,
    }),
  difficulty_disagrees: (params) => disagreement('difficulty', params),
  agent_disagrees: (params) => disagreement('agent', params),
  files_disagrees: (params) => disagreement('files', params),
  complexity_disagrees: ({ complexity, with: opposite, other }) =>
    opposite === 'claude'
      ? disagreement('complexity', { declared: complexity, claude: other })
      : `The difficulty is ${other}, but the implementation complexity ${complexity}.`,
  tests_disagrees: (params) => disagreement('tests', params),
  docs_disagrees: (params) => disagreement('docs', params),
  difficulty_label_disagrees: ({ labels, difficulty, textCounts }) => {
    const counts = textCounts ? 'the text counts' : 'they do not count';
    return `Labels say ${labels.join(' and ')} difficulty, the plan has ${difficulty}: ${counts}.`;
  },
  label_agent_unknown: ({ agent, known }) =>
    `A label asks for the agent ${agent}, which is not among ${known.join(', ')}.`,
  label_agents_differ: ({ agent, others }) =>
    `Labels ask for several agents: ${agent} counts, which stands first among the profiles, not ${others.join(', ')}.`,
  label_agent_refused: (params) => `A label asks for ${refused(params)}`,
  label_agent_cannot_hold: (params) => `A label asks for ${refused(params)}`,
  declared_agent_refused: (params) => `The text recommends ${refused(params)}`,
  declared_agent_cannot_hold: (params) => `The text recommends ${refused(params)}`,
  suggested_agent_ignored: ({ suggested, chosen }) =>
    `Claude suggests ${suggested}, which neither a label nor the text asks for: ${chosen ?? 'no agent'} is chosen.`,
  formula_exceeds_agent: ({ formula, agent, max, othersFit }) => {
    const others = othersFit ? '' : ', and for every other agent';
    return `By the formula's ${thousands(formula)} tokens the issue is too large for ${agent}, which takes ${thousands(max)} at most${others}.`;
  },
  self_reference: ({ found, ref }) => {
    if (found === 'text')
      return `The text declares a dependency of ${ref} on itself: it was dropped.`;
    if (found === 'target') return `${ref} is this issue itself: the dependency was dropped.`;
    return `On Gitea ${ref} depends on itself, which does not count; it cannot be closed there until that dependency is removed.`;
  },
  contradiction: ({ refs }) =>
    `The text says both that this issue waits for ${refs.join(', ')} and that it is waited for: neither counts.`,
  direction_contradicts: ({ source, ref }) =>
    `${capital(speakers[source])} says both that this issue waits for ${ref} and that ${ref} waits for it: neither counts.`,
  direction_disagrees: ({ ref, winner, loser, direction }) => {
    const other = direction === 'blocks' ? 'blocked_by' : 'blocks';
    return `${capital(speakers[winner])} says that ${inWords(ref, direction)}, ${speakers[loser]} that ${inWords(ref, other)}: ${speakers[winner]} counts.`;
  },
  dependency_disagrees: ({ ref, direction }) =>
    `The text says that ${inWords(ref, direction)}, Claude that neither waits for the other: it is disputed and blocks nothing until a person decides.`,
  dependency_ruled_out: ({ refs, more }) => {
    const others = more > 0 ? ` and ${more} more` : '';
    return `Claude reads a dependency on ${refs.join(', ')}${others} in words that declare none, or none any more: the text counts.`;
  },
  code_mismatch: ({ refs }) =>
    `A code does not name one issue alone, or another one than the number beside it (${refs.join(', ')}): the line counts for none.`,
  target_missing: ({ ref }) =>
    `There is no ${ref} on Gitea, and the dependency on it still counts: correct the number, or remove the line.`,
  target_unreadable: ({ ref }) =>
    `The bot cannot read ${ref} on Gitea, or there is none: give the bot access, or correct or remove the dependency.`,
  hidden_blocker: ({ count }) => `${hiddenText(count)} A worker has begun.`,
  too_many_native_dependencies: ({ limit }) =>
    `On Gitea ${limit} dependencies or more are set in one direction: only the first ${limit} count.`,
  blocker_open: ({ ref }) => `${ref}, which this issue waits for, is open, but a worker has begun.`,
  blocker_closed_early: ({ ref, pull }) =>
    `${ref} is closed, but ${pull}, a pull request that refers to it, is still open: check that the work is in.`,
  parent_blocks_part: ({ parent, parts, more }) => {
    const all = [...parts, ...(more > 0 ? [`${more} more`] : [])].join(', ');
    const path = [parent, parts[0] ?? '', parent].join(' → ');
    return `${parent} blocks ${all}, of which it is the parent: it ends when its parts end, and they would start when it ends (${path}). It does not hold them back; remove one of the two statements.`;
  },
  held_by_label: ({ label }) =>
    `The label "${label}" asks to hold this issue, but a worker has begun: it goes on, and is not handed out again.`,
  blocker_deleted: ({ ref }) =>
    `${ref} was deleted from Gitea: the dependency on it no longer counts.`,
  budget_nearly_used: ({ agent, unit, budget }) =>
    `${nearlyUsed} of the ${amount(unit, budget)} that ${agent} may spend on this issue is spent: after that a person is asked.`,
};

export function warningText(warning: Warning): string {
  return render(warningSentences, warning);
}

function declaredTwice(
  name: string,
  { first, other }: WarningParams['total_declared_twice'],
): string {
  return `The text declares ${name} ${first} and also ${other}: the first counts.`;
}

function bothTotals({ declared, formula }: WarningParams['declared_total_low']): string {
  const percent = Math.round((Math.abs(formula - declared) / declared) * 100);
  const direction = formula > declared ? 'more' : 'less';
  return `Declared ${thousands(declared)} tokens, the formula gives ${thousands(formula)} (${percent} % ${direction})`;
}

function disagreement(
  name: string,
  { declared, claude }: WarningParams['difficulty_disagrees'],
): string {
  return `The text declares ${name} ${declared}, Claude reads ${claude}: the text counts.`;
}

function refused({ agent, failing }: WarningParams['label_agent_refused']): string {
  return `${agent}, but it ${failing.map(failingText).join(' and ')}.`;
}

function inWords(ref: string, direction: Dependency['direction']): string {
  return direction === 'blocked_by' ? `this issue waits for ${ref}` : `${ref} waits for this issue`;
}
