import { h } from 'preact';

import { pausesFor } from '../../../api/pauses.ts';
import { workerOf, type Caller } from '../../../api/roles.ts';
import {
  figureDays,
  readAgentFigures,
  readSizes,
  type AgentFigures,
} from '../../../claims/agent-figures.ts';
import type { Pause } from '../../../claims/pauses.ts';
import type { Amounts } from '../../../claims/spending.ts';
import { accountOf, type AgentProfile } from '../../../planning/agent-profiles.ts';
import { maxTokens, usableTokens } from '../../../planning/fit.ts';
import { Page } from '../../page.ts';
import { Action } from '../../parts/action.ts';
import { Ago, tokens, usd } from '../../parts/amounts.ts';
import { sendPage, visitOf, type Web, type WebDeps } from '../../web.ts';
import { Sizes } from './sizes-part.ts';

/** `GET /agents`: who can work, who may not now, and what came of it. */
export function registerAgentPage(web: Web, deps: WebDeps): void {
  const { store, now, agents: all, pauses } = deps;
  web.get('/agents', async (request, reply) => {
    const { caller, notice } = visitOf(request);
    const { agents: own, repositories: scope } = caller;
    const profiles = all.filter((agent) => own?.includes(agent.name) !== false);
    const filter = {
      ...{ agents: profiles.map((agent) => agent.name), scope, now: now() },
      worker: workerOf(caller),
    };
    const figures = await readAgentFigures(store.db, filter);
    const sizes = await readSizes(store.db, filter);
    const held = await pausesFor(pauses, caller);
    const whole = held.filter(({ agent }) => agent === null);
    const cards = profiles.map((profile) =>
      h(AgentCard, {
        ...{ profile, figures: figures.get(profile.name), now: now(), caller },
        account: accountOf(all, profile.name),
        pauses: held.filter(({ agent }) => agent === profile.name),
        isAllPaused: whole.length > 0,
      }),
    );
    return sendPage(
      reply,
      h(
        Page,
        { title: 'Agents', caller, notice, path: '/agents', live: true },
        h(Partial, { caller }),
        h(
          'section',
          { id: 'agents', 'data-live': true, 'aria-label': 'Agents' },
          ...whole.map((pause) => h(PauseLine, { pause, now: now() })),
          whole.length > 0 && caller.role === 'operator'
            ? h('p', null, h('a', { href: '/' }, 'Resume it on the overview'))
            : null,
          h('div', { class: 'agents' }, ...cards),
        ),
        h(
          'section',
          { id: 'sizes', 'data-live': true, 'aria-labelledby': 'sizes-title' },
          h('h2', { id: 'sizes-title' }, 'Estimate and actual'),
          h(Sizes, { sizes }),
        ),
      ),
    );
  });
}

/** Says which work the figures leave out. */
function Partial({ caller: { role, repositories } }: { readonly caller: Caller }) {
  if (role === 'worker') return h('p', { class: 'help' }, 'Claims are your own.');
  if (repositories === undefined) return null;
  return h('p', { class: 'help' }, `Claims are those in ${repositories.join(', ')}.`);
}

interface CardProps {
  readonly profile: AgentProfile;
  readonly account: string;
  readonly figures: AgentFigures | undefined;
  /** Of the agent itself. */
  readonly pauses: readonly Pause[];
  readonly isAllPaused: boolean;
  readonly caller: Caller;
  readonly now: number;
}

function AgentCard(props: CardProps) {
  const { profile, account, figures, pauses, isAllPaused, caller, now } = props;
  const { name, enabled } = profile;
  const isOwn = pauses.length > 0;
  const isHeld = isOwn || isAllPaused;
  if (!enabled && !isOwn && (figures?.live ?? 0) === 0) return h(DisabledCard, props);
  const state = !enabled ? 'not enabled' : isHeld ? 'paused' : 'gets issues';
  return h(
    'article',
    { class: 'agent' },
    h(
      'h2',
      null,
      name,
      ' ',
      h('span', { class: `badge ${enabled && !isHeld ? 'agent-open' : 'agent-held'}` }, state),
    ),
    ...pauses.map((pause) => h(PauseLine, { pause, now })),
    h(Load, { profile, live: figures?.live ?? 0 }),
    h(AgentFacts, { profile, account, figures }),
    caller.role === 'operator' && (isOwn || !isHeld)
      ? h(
          'div',
          { class: 'actions' },
          isOwn ? h(Resume, { profile, account, pauses }) : h(PauseForm, { name }),
        )
      : null,
  );
}

/** An agent that gets nothing, folded: who looks for it opens it. */
function DisabledCard({ profile, account, figures }: CardProps) {
  return h(
    'details',
    { class: 'agent off' },
    h('summary', null, profile.name, ' ', h('span', { class: 'badge' }, 'not enabled')),
    h(AgentFacts, { profile, account, figures }),
  );
}

function AgentFacts({
  profile,
  account,
  figures,
}: Pick<CardProps, 'profile' | 'account' | 'figures'>) {
  return h(
    'dl',
    { class: 'facts' },
    ...factsOf(profile, account, figures).map(([term, text]) =>
      h('div', null, h('dt', null, term), h('dd', null, text)),
    ),
  );
}

function factsOf(
  profile: AgentProfile,
  account: string,
  figures: AgentFigures | undefined,
): readonly (readonly [string, string])[] {
  const { model, contextWindow, contextLimit, harness = 0, inputPrice, outputPrice } = profile;
  const { longPrompts } = profile;
  const window =
    contextLimit === undefined
      ? `${tokens(contextWindow)} tokens`
      : `${tokens(contextWindow)} tokens, of which it uses ${tokens(usableTokens(profile))}`;
  const longer =
    longPrompts === undefined
      ? ''
      : `; above ${tokens(longPrompts.above)} tokens ${usd(longPrompts.inputPrice)} and ${usd(longPrompts.outputPrice)}`;
  return [
    ...(model === undefined ? [] : [['Model', model] as const]),
    ...(account === profile.name ? [] : [['Account', account] as const]),
    ['Window', `${window}; issues up to ${tokens(maxTokens(profile))}`],
    [
      'Overhead',
      harness === 0 ? 'not stated' : `${tokens(harness)} tokens of its own prompt and tools`,
    ],
    ['Price', `${usd(inputPrice)} in, ${usd(outputPrice)} out, a million tokens${longer}`],
    ['Difficulties', profile.difficulties.join(', ')],
    ['Success', success(figures?.ended ?? {})],
    ['Today', amounts(figures?.today, profile.budget?.day)],
    [`${figureDays} days`, amounts(figures?.month, undefined)],
  ];
}

/** Completed, of all that ended by what the agent did. */
function success(ended: AgentFigures['ended']): string {
  const completed = ended['completed'] ?? 0;
  const counted = Object.entries(ended).filter(([outcome]) => outcome !== 'withdrawn');
  const all = counted.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return `no claim has ended in ${figureDays} days`;
  const others = counted
    .filter(([outcome]) => outcome !== 'completed')
    .map(([outcome, count]) => `${tokens(count)} ${outcome}`);
  const rest = others.length === 0 ? '' : ` (${others.join(', ')})`;
  return `${Math.floor((100 * completed) / all)} %: ${tokens(completed)} of ${tokens(all)} claims completed${rest}`;
}

function amounts(
  spent: Amounts | undefined,
  caps: { readonly tokens?: number | undefined; readonly usd?: number | undefined } | undefined,
): string {
  const limits = [
    ...(caps?.tokens === undefined ? [] : [`${tokens(caps.tokens)} tokens`]),
    ...(caps?.usd === undefined ? [] : [usd(caps.usd)]),
  ];
  const of = limits.length === 0 ? '' : `, of at most ${limits.join(' and ')}`;
  return `${tokens(spent?.tokens ?? 0)} tokens, ${usd(spent?.usd ?? 0)}${of}`;
}

interface LoadProps {
  readonly profile: AgentProfile;
  readonly live: number;
}

function Load({ profile: { concurrency }, live }: LoadProps) {
  const text = `Works on ${tokens(live)} of at most ${tokens(concurrency)} issues`;
  const share = Math.min(1, live / concurrency);
  return h(
    'p',
    { class: 'load' },
    h(
      'svg',
      { viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': true },
      h('rect', { class: 'track', width: 100, height: 8 }),
      h('rect', { class: 'fill continue', width: 100 * share, height: 8 }),
    ),
    ` ${text}`,
  );
}

interface PauseProps {
  readonly pause: Pause;
  readonly now: number;
}

function PauseLine({ pause, now }: PauseProps) {
  const { agent, source, reason, pausedBy, pausedAt, until, caller } = pause;
  const whose =
    agent === null ? 'The whole service is paused' : source === 'limit' ? 'Limit' : 'Paused';
  return h(
    'p',
    { class: 'fault' },
    h('strong', null, `${whose}: `),
    reason,
    ` ${source === 'limit' ? 'Reported' : 'Paused'} by ${pausedBy}, `,
    h(Ago, { at: pausedAt, now }),
    '. ',
    until === null ? 'Until somebody resumes it.' : ['Ends ', h(Ago, { at: until, now }), '.'],
    caller === null ? '' : ` It concerns ${caller} alone.`,
  );
}

function PauseForm({ name }: { readonly name: string }) {
  return h(
    Action,
    {
      ...{ to: '/pause', name: 'Pause' },
      effect: `Nothing more is handed out to ${name}. What it has claimed goes on.`,
    },
    h('input', { type: 'hidden', name: 'agent', value: name }),
  );
}

interface ResumeProps {
  readonly profile: AgentProfile;
  readonly account: string;
  readonly pauses: readonly Pause[];
}

/** Ends the pauses of the agent; those of the whole service are ended on the overview. */
function Resume({ profile: { name }, account, pauses }: ResumeProps) {
  const isOwn = pauses.some(({ agent }) => agent !== null);
  const isShared = account !== name && pauses.some(({ source }) => source === 'limit');
  return [
    isOwn
      ? h(
          Action,
          {
            to: '/resume',
            name: 'Resume',
            effect: `${name} gets issues again, even before its limit ends.`,
          },
          h('input', { type: 'hidden', name: 'agent', value: name }),
        )
      : h(PauseForm, { name }),
    isShared
      ? h(
          Action,
          {
            to: '/resume',
            name: 'Resume the account',
            effect: `All agents of ${account} get issues again.`,
          },
          h('input', { type: 'hidden', name: 'account', value: account }),
        )
      : null,
  ];
}
