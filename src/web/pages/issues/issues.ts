import { h } from 'preact';

import type { Caller } from '../../../api/roles.ts';
import { CoordinatorError } from '../../../errors.ts';
import { states } from '../../../issue/state.ts';
import { listIssueLines, listRepositoryNames } from '../../../plans/issue-lines.ts';
import {
  filterOf,
  pathWith,
  readChoice,
  troubleOf,
  unknownCursor,
  type Choice,
} from '../../filter.ts';
import { FilterForm } from '../../parts/filter-form.ts';
import { IssueLines } from '../../parts/issue-lines.ts';
import { stateNames } from '../../parts/state.ts';
import { createSharedParts, sendSharedPage } from '../../shared-page.ts';
import { readShownLines } from '../../shown-lines.ts';
import { visitOf, type Web, type WebDeps } from '../../web.ts';

/** Issues of a page, and repositories that can be chosen. */
const pageSize = 50;
const shownRepositories = 200;

/** `GET /issues`: all issues, the newest change first, by state, repository, agent and search. */
export function registerIssueList(web: Web, deps: WebDeps): void {
  const parts = createSharedParts(deps.changes.told);
  web.get('/issues', async (request, reply) => {
    const asked = visitOf(request);
    const visit = { ...asked, notice: asked.notice ?? troubleOf(request.query) };
    const { caller } = visit;
    const choice = readChoice(request.query);
    const part = await parts.render({ caller, asked: choice }, async () =>
      h(Content, { ...(await readList(deps, caller, choice)), now: deps.now() }),
    );
    return sendSharedPage(request, reply, visit, { title: 'Issues', path: '/issues', part });
  });
}

/** One page of the list, and what the form offers, as the caller may see it. */
async function readList(deps: WebDeps, caller: Caller, choice: Choice) {
  const { filter, search } = await filterOf(deps, caller, choice);
  const page = await listPage(deps, choice, { ...filter, search });
  const names = { scope: caller.repositories, limit: shownRepositories };
  return {
    choice: page.isKnown ? choice : { ...choice, cursor: '' },
    notice: page.isKnown ? undefined : unknownCursor,
    lines: page.items.map(await readShownLines(deps, caller, page.items)),
    nextCursor: page.nextCursor,
    repositories: await listRepositoryNames(deps.store.db, names),
    agents: deps.agents
      .map(({ name }) => name)
      .filter((name) => caller.agents?.includes(name) !== false),
  };
}

interface ContentProps extends Awaited<ReturnType<typeof readList>> {
  readonly now: number;
}

function Content({ choice, notice, lines, nextCursor, now, ...names }: ContentProps) {
  const { repositories, agents } = names;
  return [
    notice === undefined ? null : h('p', { class: 'notice', role: 'status' }, notice),
    h(FilterForm, {
      ...{ to: '/issues', choice },
      fields: [
        {
          ...{ name: 'state', label: 'State', any: 'all states' },
          options: states.map((state) => [state, stateNames[state]] as const),
        },
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
    h(
      'section',
      { id: 'list', class: 'part', 'data-live': true, 'aria-labelledby': 'list-title' },
      h('h2', { id: 'list-title' }, headingOf(choice)),
      lines.length === 0 ? h('p', { class: 'none' }, 'There is no such issue.') : null,
      h(IssueLines, { lines, now, withState: true }),
      h(Pages, { choice, nextCursor }),
    ),
  ];
}

/** A cursor of another list is the beginning. */
async function listPage(
  { store: { db } }: WebDeps,
  { state, cursor }: Choice,
  filter: Omit<Parameters<typeof listIssueLines>[1], 'order' | 'limit'>,
) {
  const query = {
    ...({ ...filter, order: 'newest', limit: pageSize } as const),
    ...(state === undefined ? {} : { states: [state] }),
  };
  if (cursor === '') return { ...(await listIssueLines(db, query)), isKnown: true };
  try {
    return { ...(await listIssueLines(db, { ...query, cursor })), isKnown: true };
  } catch (error) {
    if (error instanceof CoordinatorError && error.code === 'invalid_cursor')
      return { ...(await listIssueLines(db, query)), isKnown: false };
    throw error;
  }
}

function headingOf({ state, q, cursor }: Choice): string {
  const which = state === undefined ? 'All' : stateNames[state];
  const words = q === '' ? '' : `, found for “${q}”`;
  return `${which.charAt(0).toUpperCase()}${which.slice(1)}${words}${cursor === '' ? ', newest change first' : ', older'}`;
}

function Pages({
  choice,
  nextCursor,
}: {
  readonly choice: Choice;
  readonly nextCursor: string | null;
}) {
  const first = { ...choice, cursor: '' };
  return h(
    'nav',
    { class: 'pages', 'aria-label': 'Pages of the list' },
    choice.cursor === '' ? null : h('a', { href: pathWith('/issues', first) }, 'Newest'),
    nextCursor === null
      ? null
      : h(
          'a',
          { href: pathWith('/issues', { ...choice, cursor: nextCursor }), rel: 'next' },
          'Older',
        ),
  );
}
