import { Fragment, h } from 'preact';

import { states } from '../../../issue/state.ts';
import { readChoice, troubleOf } from '../../filter.ts';
import { FilterForm } from '../../parts/filter-form.ts';
import { createSharedParts, sendSharedPage } from '../../shared-page.ts';
import { visitOf, type Web, type WebDeps } from '../../web.ts';
import { AtWork } from './at-work-part.ts';
import { Blocked, Found } from './blocked-part.ts';
import { shownGroups } from './delivery-waits.ts';
import { FirstSteps } from './first-steps.ts';
import { readOverview, type Overview } from './read-overview.ts';
import { Ready } from './ready-part.ts';
import { Summary } from './summary-part.ts';
import { Today } from './today-part.ts';
import { Waits } from './waits-part.ts';
import { waitsOf } from './waits.ts';

/** `GET /`: what waits for a person, what is under way, what is next, what waits for what, and what today has cost. */
export function registerOverview(web: Web, deps: WebDeps): void {
  const parts = createSharedParts(deps.changes.told);
  web.get('/', async (request, reply) => {
    const asked = visitOf(request);
    const visit = { ...asked, notice: asked.notice ?? troubleOf(request.query) };
    const choice = readChoice(request.query);
    const { repository, agent, q } = choice;
    const question = { caller: visit.caller, asked: [repository, agent, q] };
    const part = await parts.render(question, async () =>
      h(Content, { overview: await readOverview(deps, visit.caller, choice) }),
    );
    return sendSharedPage(request, reply, visit, { title: 'Overview', path: '/', part });
  });
}

function Content({ overview }: { readonly overview: Overview }) {
  const { choice, repositories, agents, countOf } = overview;
  const waits = waitsOf(overview);
  const ofIssues = overview.waiting.length + overview.inReview.length;
  const ofAll = countOf('needs_human', 'oversized', 'in_review');
  const hidden = Math.max(0, overview.deliveries.length - shownGroups);
  const waitCount = waits.length - ofIssues + ofAll + hidden;
  const isFiltered = choice.repository !== '' || choice.agent !== '' || choice.q !== '';
  const isEmpty = !isFiltered && countOf(...states) === countOf('released');
  return h(
    Fragment,
    null,
    h(Summary, { overview, waits: waitCount }),
    isEmpty
      ? h(FirstSteps, { overview })
      : h(FilterForm, {
          ...{ to: '/', choice },
          fields: [
            {
              ...{ name: 'repository', label: 'Repository', any: 'all repositories' },
              options: repositories.map((name) => [name, name] as const),
            },
            {
              ...{ name: 'agent', label: 'Agent', any: 'all agents' },
              options: agents.map((name) => [name, name] as const),
            },
          ],
        }),
    h(Found, { overview }),
    isEmpty && waits.length === 0 ? null : h(Waits, { overview, waits }),
    isEmpty
      ? null
      : [
          h(AtWork, { overview }),
          h(Today, { overview }),
          h('div', { class: 'halves' }, h(Ready, { overview }), h(Blocked, { overview })),
        ],
  );
}
