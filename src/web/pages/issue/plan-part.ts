import { h } from 'preact';

import { withoutInvisible } from '../../../lib/text.ts';
import type { Factors } from '../../../issue/factors.ts';
import { tokens, usd } from '../../parts/amounts.ts';
import { Head } from '../../parts/scroll-box.ts';
import { Box, Facts, NoSection, Section } from '../../parts/section.ts';
import type { PartProps } from './read-issue.ts';

/** Sources of a value in words. */
const sources: Readonly<Record<string, string>> = {
  declared: 'the text declares it',
  model: 'Claude reads it',
  gitea: 'set on Gitea',
  formula: 'by the formula',
  history: 'as finished issues of the kind took',
  default: 'nothing is said, so the default',
};

function from(source: string) {
  return h('small', null, ` ${sources[source] ?? source}`);
}

/** What the plan says, and where each value comes from. */
export function PlanValues({ plan, labels }: PartProps) {
  const { reading, estimate, assignment } = plan;
  if (reading === null)
    return h(
      Section,
      { id: 'plan', title: 'Plan' },
      h('p', null, 'There is no plan yet: the issue has not been read.'),
    );
  const { difficulty, assignedAgent, factors } = reading;
  const chosen =
    assignment === null
      ? null
      : [
          h('strong', null, assignment.agent ?? 'none'),
          h('small', null, ` ${withoutInvisible(assignment.reason.text)}`),
        ];
  return h(
    Section,
    { id: 'plan', title: 'Plan' },
    h(Facts, {
      items: [
        ['Agent', chosen],
        [
          'Size',
          estimate === null
            ? null
            : [
                `${tokens(estimate.likely)} tokens (${tokens(estimate.low)} to ${tokens(estimate.high)})`,
                from(estimate.source),
              ],
        ],
        ['Figures', estimate === null ? null : layersOf(estimate.layers)],
        ['Difficulty', [difficulty.value, from(difficulty.source)]],
        [
          'Asks for',
          assignedAgent.value === null ? null : [assignedAgent.value, from(assignedAgent.source)],
        ],
        ['Factors', factorsOf(factors)],
        ['Labels', labels.map(withoutInvisible).slice(0, 50).join(', ')],
        ['Read', [readBy(reading), reading.reason === null ? null : ` ${reading.reason}`]],
      ],
    }),
  );
}

function layersOf(
  layers: readonly { readonly source: string; readonly tokens: number }[],
): string | null {
  if (layers.length < 2) return null;
  return layers.map(({ source, tokens: size }) => `${source} ${tokens(size)}`).join(', ');
}

function factorsOf({ files, complexity, tests, docs }: Factors): string {
  const said = [
    files === null ? null : files === 1 ? '1 file' : `${files} files`,
    complexity === null ? null : `complexity ${complexity}`,
    tests === null ? null : `tests ${tests}`,
    docs === null ? null : `documentation ${docs}`,
  ];
  return said.filter((part) => part !== null).join(', ');
}

function readBy({ outcome, model }: NonNullable<PartProps['plan']['reading']>): string {
  const by = model === null ? 'by the grammar alone' : `by the grammar and ${model}`;
  return outcome === 'complete' ? by : `${by} (${outcome})`;
}

/** Who could take it, and why not. */
export function Agents({ plan, agents: why }: PartProps) {
  if (!plan.open || why === undefined || why.agents.length === 0)
    return h(NoSection, { id: 'agents' });
  return h(
    Section,
    { id: 'agents', title: 'Who could take it' },
    why.note === null ? null : h('p', { class: 'help' }, why.note),
    h(
      Box,
      { label: 'Table of agents' },
      h(
        'table',
        null,
        h(Head, { columns: ['Agent', 'Can', 'Why', ['Expected cost', 'number']] }),
        h(
          'tbody',
          null,
          why.agents.map(({ agent, chosen, fits, failing, change, reason, expectedCost }) =>
            h(
              'tr',
              null,
              h('th', { scope: 'row' }, agent),
              h('td', null, chosen ? 'chosen' : fits ? 'yes' : 'no'),
              h(
                'td',
                { class: 'words' },
                failing.length === 0
                  ? withoutInvisible(reason.text)
                  : failing.map(({ text }) => text).join(' '),
                change === null ? null : h('small', null, ` ${change}`),
              ),
              h('td', { class: 'number' }, usd(expectedCost)),
            ),
          ),
        ),
      ),
    ),
  );
}
