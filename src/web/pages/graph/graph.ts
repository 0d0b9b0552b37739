import { h } from 'preact';
import { z } from 'zod';

import type { Caller } from '../../../api/roles.ts';
import { bounds, pageBounds } from '../../../plans/picture/bounds.ts';
import {
  listRepositoryChoices,
  readPicture,
  type StoredPicture,
} from '../../../plans/picture/read-picture.ts';
import { tokens } from '../../parts/amounts.ts';
import { IssueLink } from '../../parts/issue-link.ts';
import { Table } from '../../parts/scroll-box.ts';
import { StateBadge } from '../../parts/state.ts';
import { createSharedParts, sendSharedPage } from '../../shared-page.ts';
import { visitOf, type Web, type WebDeps } from '../../web.ts';
import { createDrawer } from './drawer.ts';
import { GraphFigure, sizes, type Size } from './figure.ts';

const querySchema = z.object({
  repository: z.string().max(300).optional().catch(undefined),
  size: z.enum(sizes).catch('100'),
  done: z.literal('yes').optional().catch(undefined),
});
type Query = Readonly<z.infer<typeof querySchema>>;

/** `GET /graph`: what waits for what in a repository, as a picture and as a table. */
export function registerGraph(web: Web, deps: WebDeps): void {
  const parts = createSharedParts(deps.changes.told);
  const drawer = createDrawer(deps);
  web.get('/graph', async (request, reply) => {
    const visit = visitOf(request);
    const { caller } = visit;
    const query = querySchema.parse(request.query);
    const part = await parts.render({ caller, asked: query }, async () =>
      h(Content, { query, ...(await readGraph(deps.store, drawer, caller, query)) }),
    );
    return sendSharedPage(request, reply, visit, { title: 'Graph', path: '/graph', part });
  });
}

/** The graph that was asked for as the caller may see it, drawn; undefined where there is none. */
async function readGraph(
  { db }: WebDeps['store'],
  drawer: ReturnType<typeof createDrawer>,
  { repositories: scope, agents }: Caller,
  query: Query,
) {
  const names = (await listRepositoryChoices(db, { scope, agents })).map(({ name }) => name);
  const repository = query.repository ?? names[0];
  const withDone = query.done !== undefined;
  const stored =
    repository === undefined
      ? undefined
      : await readPicture(db, { repository, scope, agents, withDone, limit: pageBounds.issues });
  const graph =
    stored === undefined || stored.picture.nodes.length === 0
      ? undefined
      : { stored, drawn: await drawer.draw(stored.picture) };
  return { names, repository, graph };
}

interface ContentProps extends Awaited<ReturnType<typeof readGraph>> {
  readonly query: Query;
}

function Content({ query, names, repository, graph }: ContentProps) {
  if (repository === undefined) return h('p', null, 'There is no issue yet.');
  const form = h(ChooseForm, { names, repository, query });
  if (graph === undefined) return [form, h(Nothing, { repository })];
  const { stored, drawn } = graph;
  const sizeLinks = h(SizeLinks, { repository, query });
  return [
    form,
    h(
      'section',
      { id: 'picture', 'data-live': true, 'aria-labelledby': 'picture-title' },
      h('h2', { id: 'picture-title' }, repository),
      h(Summary, { stored, repository }),
      h(Cycles, { cycles: stored.picture.cycles }),
      h(GraphFigure, {
        ...{ drawn, size: query.size, sizeLinks, repository },
        hasPath: stored.picture.critical.refs.length > 0,
      }),
    ),
    h(
      'section',
      { id: 'list', 'data-live': true, 'aria-labelledby': 'list-title' },
      h('h2', { id: 'list-title' }, 'The same as a list'),
      h(IssueTable, { stored }),
    ),
  ];
}

function Nothing({ repository }: { readonly repository: string }) {
  const text = `No issue of ${repository} is open, or none that you may see.`;
  return h('p', null, text);
}

interface ChooseProps {
  readonly names: readonly string[];
  readonly repository: string;
  readonly query: Query;
}

function ChooseForm({ names, repository, query }: ChooseProps) {
  const all = names.includes(repository) ? names : [repository, ...names];
  return h(
    'form',
    { class: 'choose', method: 'get', action: '/graph' },
    h(
      'label',
      null,
      'Repository ',
      h(
        'select',
        { name: 'repository' },
        ...all.map((name) => h('option', { value: name, selected: name === repository }, name)),
      ),
    ),
    h(
      'label',
      null,
      h('input', { type: 'checkbox', name: 'done', value: 'yes', checked: query.done === 'yes' }),
      ' also what is done',
    ),
    h('input', { type: 'hidden', name: 'size', value: query.size }),
    h('button', { type: 'submit' }, 'Show'),
  );
}

function SizeLinks({ repository, query }: { readonly repository: string; readonly query: Query }) {
  const linkTo = (size: Size) => {
    const parameters = new URLSearchParams({ repository, size });
    if (query.done !== undefined) parameters.set('done', query.done);
    return `/graph?${parameters.toString()}`;
  };
  return sizes.map((size) =>
    h(
      'a',
      { href: linkTo(size), 'aria-current': size === query.size ? 'true' : undefined },
      size === 'fit' ? 'Fit' : `${size} %`,
    ),
  );
}

interface SummaryProps {
  readonly stored: StoredPicture;
  readonly repository: string;
}

/** What is to be done in all, and what no number of agents makes shorter. */
function Summary({ stored, repository }: SummaryProps) {
  const { picture, cut, isPartial, unsized } = stored;
  const { refs, tokens: onPath } = picture.critical;
  const first = refs[0];
  const last = refs.at(-1);
  return [
    h(
      'p',
      null,
      'To do in all: ',
      h('strong', null, `${tokens(stored.tokens)} tokens`),
      unsized === 0 ? '' : `, and ${count(unsized, 'issue')} of unknown size`,
      '. ',
      first === undefined || last === undefined
        ? 'No size is known of what an agent can take, so there is no critical path.'
        : refs.length === 1
          ? [
              'The critical path is ',
              h(IssueLink, { issue: first }),
              ` alone (${tokens(onPath)} tokens): no chain of issues takes more.`,
            ]
          : [
              'On the critical path, which no number of agents makes shorter: ',
              h('strong', null, `${tokens(onPath)} tokens`),
              ` in ${count(refs.length, 'issue')}, from `,
              h(IssueLink, { issue: first }),
              ' to ',
              h(IssueLink, { issue: last }),
              '.',
            ],
    ),
    cut === 0
      ? null
      : h(
          'p',
          { class: 'help' },
          `… and ${tokens(cut)} more issues, those with the fewest dependencies: the picture and the list show ${pageBounds.issues}. `,
          h(
            'a',
            { href: `/issues?${new URLSearchParams({ repository }).toString()}` },
            'All issues',
          ),
        ),
    isPartial
      ? h(
          'p',
          { class: 'help' },
          `There are more than ${tokens(bounds.read)} dependencies or issues; the figures are of these.`,
        )
      : null,
  ];
}

function Cycles({ cycles }: { readonly cycles: readonly (readonly string[])[] }) {
  if (cycles.length === 0) return null;
  const more = cycles.length - pageBounds.cycles;
  return h(
    'div',
    { class: 'fault' },
    h(
      'p',
      null,
      `${count(cycles.length, 'cycle')}: the issues of a cycle wait for each other, so none can start. Take one dependency out of each.`,
    ),
    h(
      'ul',
      null,
      ...cycles
        .slice(0, pageBounds.cycles)
        .map((path) =>
          h(
            'li',
            null,
            ...path
              .slice(0, pageBounds.issuesOfCycle)
              .flatMap((issue) => [h(IssueLink, { issue }), ' waits for ']),
            path.length > pageBounds.issuesOfCycle
              ? `… ${path.length - pageBounds.issuesOfCycle} more`
              : h(IssueLink, { issue: path[0] ?? '' }),
          ),
        ),
    ),
    more > 0 ? h('p', null, `… and ${more} more.`) : null,
  );
}

function count(number: number, noun: string): string {
  return `${tokens(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function IssueTable({ stored: { picture } }: { readonly stored: StoredPicture }) {
  const waitsFor = Map.groupBy(picture.edges, ({ to }) => to.ref);
  const holdsUp = Map.groupBy(picture.edges, ({ from }) => from.ref);
  return h(Table, {
    label: 'Issues, their state, and what they wait for',
    head: ['Issue', 'State', 'Tokens', 'Waits for', 'Holds up', 'Remark'],
    rows: picture.nodes.map((node) => [
      [h(IssueLink, { issue: node.ref }), ` ${titleOf(node)}`],
      h(StateBadge, { state: node.state ?? 'unknown' }),
      node.tokens === null ? '' : tokens(node.tokens),
      h(Issues, { refs: (waitsFor.get(node.ref) ?? []).map(({ from }) => from.ref) }),
      h(Issues, { refs: (holdsUp.get(node.ref) ?? []).map(({ to }) => to.ref) }),
      [node.inCycle ? 'in a cycle' : '', node.isCritical ? 'on the critical path' : '']
        .filter((remark) => remark !== '')
        .join(', '),
    ]),
  });
}

/** The name begins with the number, which the link has already. */
function titleOf({ name }: { readonly name: string }): string {
  const at = name.indexOf(' ');
  return at === -1 ? '' : name.slice(at + 1);
}

function Issues({ refs }: { readonly refs: readonly string[] }) {
  const more = refs.length - pageBounds.issuesInCell;
  return [
    ...refs
      .slice(0, pageBounds.issuesInCell)
      .flatMap((issue, index) => [index === 0 ? '' : ', ', h(IssueLink, { issue })]),
    more > 0 ? ` and ${more} more` : '',
  ];
}
