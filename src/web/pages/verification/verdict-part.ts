import { h } from 'preact';

import { withoutInvisible } from '../../../lib/text.ts';
import type { VerificationState } from '../../../issue/verification.ts';
import { Action } from '../../parts/action.ts';
import { Ago, At, For } from '../../parts/amounts.ts';
import { CommitLink, Hash, pullUrl } from '../../parts/gitea-link.ts';
import { IssueLink } from '../../parts/issue-link.ts';
import { Head } from '../../parts/scroll-box.ts';
import { Box, Facts, Section } from '../../parts/section.ts';
import { Sentence } from '../../parts/sentence.ts';
import type { VerificationProps } from './read-verification.ts';

/** The word for each state, and what it means for the commit. */
const verdicts: Readonly<Record<VerificationState, readonly [word: string, meaning: string]>> = {
  queued: ['waiting', 'It waits for a verifier.'],
  running: ['running', 'The gates run now.'],
  passed: ['passed', 'The commit passed: a person can review and merge it.'],
  failed: ['failed', 'The commit is refused until what is found is fixed.'],
  error: ['no verdict', 'It ended without a verdict; that does not count against the commit.'],
};

/** A state of a verification or a gate, told by word and colour. */
function Outcome({ of, word = of }: { readonly of: string; readonly word?: string }) {
  return h('span', { class: `badge outcome-${of}` }, word);
}

/** The verdict in one sentence, where it leads, and what can be done. */
export function Verdict({ view, visit, pull, giteaUrl, repository, now }: VerificationProps) {
  const [word, meaning] = verdicts[view.state];
  const since = view.endedAt ?? view.startedAt ?? view.requestedAt;
  const number = pull?.pull_number ?? null;
  return [
    h(
      Section,
      { id: 'verdict', title: 'Verdict', quiet: true },
      h(
        'p',
        { class: 'lead' },
        h(Outcome, { of: view.state, word }),
        ' ',
        meaning,
        view.cause === null
          ? null
          : [' ', h(Sentence, { text: withoutInvisible(view.cause.message) })],
        ' ',
        h('small', null, h(view.endedAt === null ? For : Ago, { at: since, now })),
      ),
      view.endedAt === null && view.errors > 0
        ? h(
            'p',
            null,
            `It went wrong ${view.errors} times through no fault of the commit, and is tried again.`,
          )
        : null,
      h(
        'p',
        { class: 'links' },
        h(IssueLink, { issue: view.issue }),
        h(CommitLink, { giteaUrl, repository, commit: view.commit }),
        number === null
          ? null
          : h(
              'a',
              { href: pullUrl({ giteaUrl, repository }, number) },
              `pull request ${number} (${pull?.state ?? ''})`,
            ),
      ),
    ),
    visit.caller.role === 'operator'
      ? h(
          'section',
          { id: 'actions', class: 'actions', 'data-live': true, 'aria-label': 'Actions' },
          h(Action, {
            to: `/verifications/${encodeURIComponent(view.id)}/verify`,
            name: 'Verify again',
            effect: `The gates run once more on the last commit of ${view.issue}.`,
          }),
        )
      : null,
  ];
}

/** The gates, each with its status, duration and tool. */
export function Gates({ view }: VerificationProps) {
  if (view.gates.length === 0)
    return h(
      Section,
      { id: 'gates', title: 'Gates' },
      h('p', null, view.endedAt === null ? 'None has ended yet.' : 'None ran.'),
    );
  return h(
    Section,
    { id: 'gates', title: 'Gates' },
    h(
      Box,
      { label: 'Table of gates' },
      h(
        'table',
        null,
        h(Head, { columns: ['Gate', 'Status', 'Says', ['Took', 'number'], 'Tool'] }),
        h(
          'tbody',
          null,
          view.gates.map(({ gate, status, counts, durationMs, tool, message }) =>
            h(
              'tr',
              null,
              h('th', { scope: 'row' }, withoutInvisible(gate)),
              h(
                'td',
                null,
                h(Outcome, { of: status }),
                counts ? null : h('small', null, ' does not count'),
              ),
              h('td', { class: 'words' }, withoutInvisible(message)),
              h('td', { class: 'number' }, tookOf(durationMs)),
              h('td', null, tool === null ? '–' : withoutInvisible(tool)),
            ),
          ),
        ),
      ),
    ),
  );
}

/** `1.2 s`, `3 min 4 s`. */
function tookOf(ms: number): string {
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** What the verdict holds for, and who found it. */
export function LookedAt({ view, giteaUrl, repository, now }: VerificationProps) {
  const { base, durations, verifier, worker } = view;
  const at = (time: string | null) => (time === null ? null : [h(At, { at: time, now })]);
  const code = (value: string | null) =>
    value === null ? null : h('code', null, withoutInvisible(value));
  return h(
    Section,
    { id: 'looked-at', title: 'What was looked at' },
    h(Facts, {
      items: [
        ['Commit', h(CommitLink, { giteaUrl, repository, commit: view.commit })],
        ['Branch', code(view.branch)],
        [
          'Merged onto',
          [
            code(view.baseBranch),
            base === null ? null : [' ', h(CommitLink, { giteaUrl, repository, commit: base })],
          ],
        ],
        ['Tree', view.tree === null ? null : h(Hash, { hash: view.tree })],
        ['Configuration', view.configHash === null ? null : h(Hash, { hash: view.configHash })],
        ['Versions', view.environment === null ? null : withoutInvisible(view.environment)],
        ['Verifier', verifier === null ? null : withoutInvisible(verifier)],
        ['Worker', worker === null ? 'a person asked for it' : withoutInvisible(worker)],
        ['Asked for', [at(view.requestedAt), h('small', null, ' (times are UTC)')]],
        ['Started', at(view.startedAt)],
        ['Ended', at(view.endedAt)],
        [
          'Took',
          durations === null
            ? null
            : `fetch ${tookOf(durations.fetchMs)}, merge ${tookOf(durations.mergeMs)}, gates ${tookOf(durations.gatesMs)}`,
        ],
        ['Errors of ours', view.errors === 0 ? null : String(view.errors)],
      ],
    }),
  );
}

/** All attempts of the issue. */
export function Others({ view, others, number, now }: VerificationProps) {
  return h(
    Section,
    { id: 'others', title: 'Verifications of the issue' },
    h(
      'ol',
      { class: 'timeline' },
      others.map((other) =>
        h(
          'li',
          null,
          h('span', { class: 'when' }, h(At, { at: other.endedAt ?? other.requestedAt, now })),
          h(
            'span',
            null,
            h(Outcome, { of: other.state, word: verdicts[other.state][0] }),
            ' ',
            other.id === view.id
              ? [h(Hash, { hash: other.commit }), ', this one']
              : h(
                  'a',
                  { href: `/verifications/${encodeURIComponent(other.id)}` },
                  h(Hash, { hash: other.commit }),
                ),
          ),
        ),
      ),
    ),
    number > others.length
      ? h('p', { class: 'help' }, `… and ${number - others.length} older ones.`)
      : null,
  );
}
