import { h } from 'preact';

import { withoutInvisible } from '../../../lib/text.ts';
import { spentText } from '../../../claims/spending.ts';
import { Action } from '../../parts/action.ts';
import { Ago, For, tokens } from '../../parts/amounts.ts';
import { ContextBar } from '../../parts/context-bar.ts';
import { commentUrl, GiteaIssue, pullUrl } from '../../parts/gitea-link.ts';
import { issuePath } from '../../parts/issue-link.ts';
import { Head } from '../../parts/scroll-box.ts';
import { Box, Facts, NoSection, Section } from '../../parts/section.ts';
import { Sentence } from '../../parts/sentence.ts';
import { StateBadge } from '../../parts/state.ts';
import type { PartProps } from './read-issue.ts';

/** State, warnings and what an operator can do. */
export function State({
  plan,
  since,
  now,
  visit,
  issue,
  giteaUrl,
  onGitea,
  verifications,
}: PartProps) {
  const unknown = plan.blockedBy.filter(({ state }) => state === 'unknown').map(({ ref }) => ref);
  const isStored = (ref: string) => !unknown.includes(ref);
  const warnings = plan.warnings.filter(({ text }) => text !== plan.reason.text);
  const { comment, pull } = onGitea;
  const number = pull?.pull_number ?? null;
  return [
    h(
      Section,
      { id: 'state', title: 'State', quiet: true },
      h(
        'p',
        { class: 'lead' },
        h(StateBadge, { state: plan.state }),
        ' ',
        h(Sentence, {
          text: withoutInvisible((plan.heldUp ?? plan.reason).text),
          isStored,
        }),
        ' ',
        h(
          'small',
          null,
          since === undefined
            ? ['last change ', h(Ago, { at: plan.updatedAt, now })]
            : h(For, { at: since, now }),
        ),
      ),
      h(
        'p',
        { class: 'links' },
        h(GiteaIssue, { giteaUrl, issue }),
        comment?.comment_id == null
          ? null
          : h('a', { href: commentUrl(giteaUrl, issue, comment.comment_id) }, 'our comment'),
        number === null
          ? null
          : h(
              'a',
              { href: pullUrl({ giteaUrl, ...issue }, number) },
              `pull request ${number} (${pull?.state ?? ''})`,
            ),
        h('a', { href: `/graph?repository=${encodeURIComponent(issue.repository)}` }, 'graph'),
      ),
      visit.caller.role === 'operator' && comment?.error != null
        ? h('p', { class: 'fault' }, `Gitea refuses what is written about it: ${comment.error}`)
        : null,
      visit.caller.role === 'operator' && pull?.error != null
        ? h('p', { class: 'fault' }, `Gitea refuses its pull request: ${pull.error}`)
        : null,
      warnings.length === 0
        ? null
        : h(
            'ul',
            { class: 'warnings' },
            warnings.map(({ text }) =>
              h('li', null, h(Sentence, { text: withoutInvisible(text), isStored })),
            ),
          ),
    ),
    visit.caller.role === 'operator' ? h(Actions, { plan, verifications }) : null,
  ];
}

/** What can be done about an issue now. */
function Actions({ plan, verifications }: Pick<PartProps, 'plan' | 'verifications'>) {
  const path = issuePath(plan.ref);
  if (path === undefined) return null;
  const { claim } = plan;
  const canVerify = plan.open && verifications.length > 0 && claim?.verification === undefined;
  const held = plan.open && claim?.verification != null;
  const actions = [
    plan.state === 'needs_human'
      ? h(Action, {
          to: `${path}/resume`,
          name: 'Resume',
          effect: 'Agents may have the issue again. Its failed attempts and its budget begin anew.',
        })
      : null,
    canVerify || held
      ? h(Action, {
          to: `${path}/verify`,
          name: 'Verify again',
          effect: 'The gates run once more on the last commit of the issue.',
        })
      : null,
    claim === null
      ? null
      : h(
          Action,
          {
            to: `${path}/give-back`,
            name: 'Give back',
            effect: `The claim of ${claim.worker} ends, and the issue can be claimed again at once. What is not pushed may be lost. It does not count as a failed attempt.`,
          },
          h('input', { type: 'hidden', name: 'claim', value: claim.claimId }),
          h('label', { for: 'give-back-reason' }, 'Why (the worker is told)'),
          h('input', { id: 'give-back-reason', name: 'reason', maxLength: 400 }),
        ),
  ].filter((action) => action !== null);
  if (actions.length === 0) return h(NoSection, { id: 'actions' });
  const part = { id: 'actions', class: 'actions', 'data-live': true, 'aria-label': 'Actions' };
  return h('section', part, actions);
}

/** Who works on it, and who did: estimate beside actual. */
export function Work({ plan, now, deps }: PartProps) {
  const { claim, pastClaims, spent } = plan;
  const claims = pastClaims.length + (claim === null ? 0 : 1);
  return h(
    Section,
    { id: 'work', title: 'Work' },
    claim === null
      ? h('p', null, 'Nobody works on it now.')
      : h(LiveClaim, { claim, now, thresholds: deps.thresholds }),
    pastClaims.length === 0 ? null : h(PastClaims, { pastClaims, now }),
    spent === null || claims < 2 ? null : h('p', null, `All claims cost ${spentText(spent)}.`),
    claims === 0
      ? null
      : h(
          'p',
          { class: 'help' },
          'Context is what enters the windows of the agent, as the estimate counts it. Paid are more tokens: each turn sends its window again.',
        ),
  );
}

function LiveClaim({
  claim,
  now,
  thresholds,
}: Pick<PartProps, 'now'> &
  PartProps['deps'] & { readonly claim: NonNullable<PartProps['plan']['claim']> }) {
  const { context, leaseExpiresAt, verification } = claim;
  const bar =
    context === null
      ? 'not reported'
      : h(ContextBar, { used: context.used, limit: context.limit, thresholds });
  return h(Facts, {
    items: [
      ['Worker', `${claim.worker}, as ${claim.agent}`],
      ['Since', h(Ago, { at: claim.claimedAt, now })],
      [
        'Last report',
        [
          h(Ago, { at: context?.reportedAt ?? claim.heartbeatAt, now }),
          claim.stale ? ' (silent for long)' : null,
        ],
      ],
      ['Lease ends', leaseExpiresAt === null ? null : h(Ago, { at: leaseExpiresAt, now })],
      [
        'Verification',
        verification === null
          ? null
          : h('a', { href: `/verifications/${encodeURIComponent(verification)}` }, 'under way'),
      ],
      ['Window now', bar],
      ['Context', sizes(claim.estimated, context?.total ?? null)],
      ['Sessions', claim.rotations === 0 ? null : String(claim.rotations + 1)],
      ['Paid', claim.spent === null ? null : spentText(claim.spent)],
    ],
  });
}

function sizes(estimated: number | null, actual: number | null): string {
  const so = actual === null ? 'no report' : `${tokens(actual)} so far`;
  return estimated === null ? so : `${tokens(estimated)} expected, ${so}`;
}

function PastClaims({
  pastClaims,
  now,
}: Pick<PartProps, 'now'> & Pick<PartProps['plan'], 'pastClaims'>) {
  const cell = (value: number | null) =>
    h('td', { class: 'number' }, value === null ? '–' : tokens(value));
  return h(
    Box,
    { label: 'Table of past claims' },
    h(
      'table',
      null,
      h('caption', null, 'Past claims, the newest first (at most ten)'),
      h(Head, {
        columns: [
          ...['Ended', 'Who', 'How'],
          ['Expected context', 'number'],
          ['Context used', 'number'],
          'Paid',
        ],
      }),
      h(
        'tbody',
        null,
        pastClaims.map((past) =>
          h(
            'tr',
            null,
            h('td', null, h(Ago, { at: past.endedAt, now })),
            h('td', null, `${past.worker}, as ${past.agent}`),
            h(
              'td',
              { class: 'words' },
              past.outcome,
              past.reason === null
                ? null
                : [': ', h(Sentence, { text: withoutInvisible(past.reason) })],
            ),
            cell(past.estimated),
            cell(past.took),
            h('td', null, past.spent === null ? '–' : spentText(past.spent)),
          ),
        ),
      ),
    ),
  );
}
