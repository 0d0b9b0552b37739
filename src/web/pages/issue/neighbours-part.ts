import { h } from 'preact';

import type { PlanEdge } from '../../../issue/plan.ts';
import type { Proposal } from '../../../issue/proposals.ts';
import { withoutInvisible } from '../../../lib/text.ts';
import { IssueLink } from '../../parts/issue-link.ts';
import { Section } from '../../parts/section.ts';
import type { PartProps } from './read-issue.ts';

/** Issues of each kind that are shown. */
const maxShown = 30;

/** States of other issues in words. */
const states: Readonly<Record<PlanEdge['state'], string>> = {
  open: 'open',
  closed: 'closed',
  merged: 'merged',
  not_merged: 'closed without a merge',
  unknown: 'not known',
};

/** Where an edge comes from. */
const origins: Readonly<Record<string, string>> = {
  declared: 'a text says so',
  model: 'only Claude reads that',
  gitea: 'set on Gitea',
};

/** What it waits for, what waits for it, and what might. */
export function Neighbours({ plan, giteaUrl }: PartProps) {
  const { blockedBy, blocks, proposals, ref } = plan;
  if (blockedBy.length + blocks.length + proposals.length === 0)
    return h(
      Section,
      { id: 'neighbours', title: 'Neighbours' },
      h('p', null, 'It waits for nothing, and nothing waits for it.'),
    );
  const repository = encodeURIComponent(ref.slice(0, ref.lastIndexOf('#')));
  return h(
    Section,
    { id: 'neighbours', title: 'Neighbours' },
    h(Edges, { title: 'Waits for', edges: blockedBy, repository, giteaUrl }),
    h(Edges, { title: 'Waiting for it', edges: blocks, repository, giteaUrl }),
    proposals.length === 0 ? null : h(Proposals, { own: ref, proposals }),
  );
}

interface EdgesProps {
  readonly title: string;
  readonly edges: readonly PlanEdge[];
  readonly repository: string;
  readonly giteaUrl: string;
}

function Edges({ title, edges, repository, giteaUrl }: EdgesProps) {
  if (edges.length === 0) return null;
  const more = edges.length - maxShown;
  return [
    h('h3', null, title),
    h(
      'ul',
      { class: 'edges' },
      edges.slice(0, maxShown).map((edge) => {
        const { source, removeWith, state } = edge;
        return h(
          'li',
          null,
          h(IssueLink, { issue: edge.ref, ...(state === 'unknown' ? { giteaUrl } : {}) }),
          ` ${states[state]}, `,
          origins[source] ?? source,
          source === 'gitea' || edge.evidence === ''
            ? null
            : [': ', h('q', null, withoutInvisible(edge.evidence))],
          removeWith === undefined
            ? null
            : [h('br', null), 'To end it, write here: ', h('code', { class: 'line' }, removeWith)],
        );
      }),
      more > 0
        ? h('li', null, h('a', { href: `/graph?repository=${repository}` }, `… and ${more} more`))
        : null,
    ),
  ];
}

function Proposals({
  own,
  proposals,
}: {
  readonly own: string;
  readonly proposals: readonly Proposal[];
}) {
  return [
    h('h3', null, 'For a person to decide'),
    h(
      'ul',
      { class: 'edges' },
      proposals.slice(0, 2 * maxShown).map((proposal) => h('li', null, ...saying(own, proposal))),
    ),
  ];
}

/** The proposal in words, and the line that makes it a dependency. */
function saying(own: string, proposal: Proposal) {
  const { ref, direction, standing, evidence, readIn, confirm } = proposal;
  const other = h(IssueLink, { issue: ref });
  const waits =
    direction === 'blocked_by' ? ['this waits for ', other] : [other, ' waits for this'];
  const opening =
    standing === 'disputed'
      ? ['The text says that ', ...waits, ', and Claude reads no dependency: ']
      : ['Claude reads that ', ...waits, readIn === own ? ': ' : [' in ', readIn, ': ']];
  return [
    ...opening,
    h('q', null, withoutInvisible(evidence)),
    '. It does not block. To make it so, write ',
    confirm.issue === own ? 'here' : ['into ', h(IssueLink, { issue: confirm.issue })],
    ': ',
    h('code', { class: 'line' }, confirm.line),
  ];
}
