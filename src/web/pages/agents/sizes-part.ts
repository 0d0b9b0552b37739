import { h } from 'preact';

import type { SizePair } from '../../../claims/agent-figures.ts';
import { tokens } from '../../parts/amounts.ts';
import { IssueLink } from '../../parts/issue-link.ts';
import { Table } from '../../parts/scroll-box.ts';
import { isNear, PlotKey, SizePlot } from './size-plot.ts';

/** Rows of the table behind the plot. */
const maxRows = 50;

/** What claims were estimated at, and what they took: as a plot and as a table. */
export function Sizes({ sizes }: { readonly sizes: readonly SizePair[] }) {
  if (sizes.length === 0)
    return h(
      'p',
      null,
      'No claim with an estimate has been completed, or no agent has said what it took.',
    );
  const near = sizes.filter(isNear).length;
  return [
    h(
      'p',
      null,
      `Of the last ${sizes.length} completed claims, ${near} took between half and twice their estimate.`,
    ),
    h('div', { class: 'plotted' }, h(SizePlot, { sizes }), h(PlotKey, {})),
    h(
      'details',
      null,
      h('summary', null, 'The same as a table'),
      h(Table, {
        label: 'Estimate and actual of completed claims, the newest first',
        head: ['Issue', 'Agent', 'Estimated', 'Took', 'Times the estimate'],
        rows: sizes
          .slice(0, maxRows)
          .map(({ issue, agent, estimated, actual }) => [
            h(IssueLink, { issue }),
            agent,
            tokens(estimated),
            tokens(actual),
            estimated === 0 ? '' : (actual / estimated).toFixed(1),
          ]),
      }),
      sizes.length > maxRows
        ? h('p', null, `… and ${sizes.length - maxRows} more in the plot.`)
        : null,
    ),
  ];
}
