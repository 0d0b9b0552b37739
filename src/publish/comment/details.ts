import { difficulties } from '../../issue/difficulty.ts';
import type { Estimate } from '../../issue/estimate.ts';
import type { ChosenAgent } from '../../issue/reasons.ts';
import type { State } from '../../issue/state.ts';
import { render } from '../../issue/coded.ts';
import { thousands } from '../../lib/text.ts';
import { agentName, bullets, code, folded, inWords, isLabelName } from './markdown.ts';
import { commentChoices } from './reasons.ts';
import { agentLabels, linksTo, type Subject } from './subject.ts';

/** What is folded: figures, what is settled, and the words that change the plan. */
export function details(subject: Subject, notes: readonly string[]): string[] {
  const canChange = changeable.includes(subject.plan.state);
  const blocks = [
    ...figures(subject),
    ...settled(subject),
    ...(notes.length === 0 ? [] : [bullets(notes)]),
    ...(canChange ? [howToChange(subject)] : []),
  ];
  const summary = canChange ? 'Size and agent, and how to change them' : 'Size and agent';
  return blocks.length === 0 ? [] : [folded(summary, blocks)];
}

/** States in which another size, difficulty or agent makes a difference. */
const changeable: readonly State[] = ['ready', 'blocked', 'oversized'];

const estimateSources: Record<Estimate['source'], string> = {
  declared: 'as the issue says',
  history: 'as finished issues like it took',
  model: 'as Claude reads it',
  formula: 'by the formula',
  default: 'the default',
};

function figures({ plan }: Subject): string[] {
  const { estimate, assignment, reading } = plan;
  if (estimate === null || assignment === null || reading === null) return [];
  const { low, likely, high, source } = estimate;
  const size = `${thousands(likely)} tokens (${thousands(low)} to ${thousands(high)}), ${estimateSources[source]}`;
  return [
    [
      '| Context needed | Difficulty | Agent |',
      '| --- | --- | --- |',
      `| ${size} | ${reading.difficulty.value} | ${chosen(assignment)} |`,
    ].join('\n'),
  ];
}

function chosen({ agent, reason }: ChosenAgent): string {
  if (agent === null) return 'none fits';
  return `${agentName(agent)}, ${render(commentChoices, reason)}`;
}

const maxSettled = { lines: 10, characters: 1_000 };

function settled(subject: Subject): string[] {
  const refs = subject.waits.closed.map(({ ref }) => ref);
  if (refs.length === 0) return [];
  const links = inWords(linksTo(subject, refs, maxSettled), 'and');
  return [`Waited for ${links}, which ${refs.length === 1 ? 'is' : 'are'} closed.`];
}

const maxHolds = 3;

function howToChange({ setting }: Subject): string {
  const labels = agentLabels(setting);
  const [example = 'NAME'] = setting.agents;
  const line = code(`Recommended agent: ${agentName(example) === 'an agent' ? 'NAME' : example}`);
  const holds = setting.holdLabels.filter(isLabelName).slice(0, maxHolds).map(code);
  const agents = labels.length === 0 ? '' : `, or set one of the labels ${inWords(labels, 'or')}`;
  return [
    'To change that, write a line into the text of the issue:',
    '',
    bullets([
      `agent: ${line}${agents}`,
      `difficulty: ${inWords(
        difficulties.map((word) => code(`Difficulty: ${word}`)),
        'or',
      )}`,
      `size: ${code('Total estimated: 50,000 tokens')}`,
      `to wait for another issue: ${code('Blocked by #NUMBER')}`,
    ]),
    '',
    holds.length === 0
      ? 'To take the issue back, unassign the bot.'
      : `To hold the issue back, set the label ${inWords(holds, 'or')}. To take it back, unassign the bot.`,
  ].join('\n');
}
