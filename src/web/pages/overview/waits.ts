import { h, type ComponentChildren } from 'preact';

import { checkTexts } from '../../../http/check-texts.ts';
import { isFailing, type Check } from '../../../http/health.ts';
import { whyFailing } from '../../../http/why-failing.ts';
import { amount, nearlyUsedShare } from '../../../issue/spending.ts';
import { issueUrl } from '../../../issue/plan.ts';
import { capital, oneLine } from '../../../lib/text.ts';
import { Action } from '../../parts/action.ts';
import { pullUrl } from '../../parts/gitea-link.ts';
import { issuePath } from '../../parts/issue-link.ts';
import { deliveryWaits } from './delivery-waits.ts';
import type { Overview } from './read-overview.ts';
import type { ShownLine } from '../../shown-lines.ts';
import type { Waiting } from './waiting.ts';

/** Longest text of an error that is shown. */
const maxWhy = 300;

/**
 * Everything that waits for a person: what stops everything, then issues, those that wait the longest first, then what
 * is to be mended.
 */
export function waitsOf(overview: Overview): Waiting[] {
  const { waiting, inReview, stuck, deliveries } = overview;
  const checks = healthWaits(overview);
  const failed = waiting.filter(({ reason }) => isVerification(reason.code));
  const others = waiting.filter(({ reason }) => !isVerification(reason.code));
  return [
    ...checks.filter(({ isDown }) => isDown),
    ...pauseWaits(overview),
    ...[...others, ...inReview, ...failed].map((line) => issueWait(line, overview)),
    ...stuck.flatMap((one) => stuckWait(one)),
    ...deliveryWaits(deliveries),
    ...checks.filter(({ isDown }) => !isDown),
    ...budgetWaits(overview),
  ];
}

function isVerification(code: string): boolean {
  return code === 'gates_failed' || code === 'verification_error';
}

function link(to: string | undefined, text: string): ComponentChildren {
  return h('a', { href: to }, text);
}

/** Where nothing else says why a check fails, the first of these that it has does. */
const whyKeys = ['hint', 'refusal', 'error'];

function healthWaits({ health, deliveries }: Overview): (Waiting & { readonly isDown: boolean })[] {
  return Object.entries(health).flatMap(([name, check]) => {
    if (!isFailing(check)) return [];
    // Told above, each with its name.
    if (name === 'inbox' && check.status === 'degraded' && deliveries.length > 0) return [];
    const isDown = check.status === 'down';
    return [
      {
        ...({ isDown, tone: isDown ? 'bad' : 'warn', kind: check.status } as const),
        name: checkTexts[name]?.title ?? capital(name),
        why: whyOf(name, check),
        since: textOf(check, 'lastSuccess'),
        todo: link('/status', 'See the cure'),
      },
    ];
  });
}

function whyOf(name: string, check: Check): string {
  const why =
    whyFailing(name, check) ??
    whyKeys.map((key) => textOf(check, key)).find((text) => text !== undefined);
  const parts = [why ?? 'It does not work as it should.', textOf(check, 'cure') ?? ''];
  return oneLine(parts.join(' '), maxWhy);
}

function textOf(check: Check, key: string): string | undefined {
  const value = check[key];
  return typeof value === 'string' ? value : undefined;
}

function pauseWaits({ pauses, caller }: Overview): Waiting[] {
  return pauses.map(({ agent, account, source, reason, pausedBy, pausedAt, until }) => {
    const end =
      until === null ? '' : ` It ends by itself at ${until.slice(0, 16).replace('T', ' ')} (UTC).`;
    const by = source === 'person' ? `${pausedBy}: ${reason}` : reason;
    const isOfAccount = source === 'limit' && account !== undefined;
    const named = isOfAccount
      ? { name: 'account', value: account }
      : { name: 'agent', value: agent };
    const whose = isOfAccount ? `All agents of ${account} get` : `${agent} gets`;
    const field = agent === null ? null : h('input', { type: 'hidden', ...named });
    return {
      ...({ tone: 'warn', kind: source === 'limit' ? 'limit' : 'paused' } as const),
      name: agent === null ? 'Handing out' : `Agent ${agent}`,
      why: `${by}${end}`,
      since: pausedAt,
      todo:
        caller.role === 'operator'
          ? h(
              Action,
              {
                ...{ to: '/resume', name: 'Resume' },
                effect: agent === null ? 'Issues are handed out again.' : `${whose} issues again.`,
              },
              field,
            )
          : 'An operator can resume it.',
    };
  });
}

function budgetWaits({ spending }: Overview): Waiting[] {
  return spending.flatMap(({ agent, day, spent, budget, state }) => {
    if (state === 'open') return [];
    const [unit, cap] =
      budget.usd !== null && spent.usd >= budget.usd * (state === 'used_up' ? 1 : nearlyUsedShare)
        ? (['usd', budget.usd] as const)
        : (['tokens', budget.tokens ?? 0] as const);
    const used = `${amount(unit, spent[unit])} of ${amount(unit, cap)} used today`;
    const effect =
      ': nothing is handed out to it until tomorrow (UTC), unless the budget is raised.';
    return [
      {
        ...({ tone: state === 'used_up' ? 'bad' : 'warn', kind: 'budget' } as const),
        name: `Agent ${agent}`,
        why:
          state === 'used_up'
            ? `${used}${effect}`
            : `${used}; at 100 % nothing more is handed out.`,
        since: `${day}T00:00:00.000Z`,
        todo: link('/agents', 'See its budget'),
      },
    ];
  });
}

/** What a person does about an issue, by the reason of its state. */
const todos: Readonly<Record<string, string>> = {
  failed_attempts: 'See the attempts, then resume',
  worker_blocked: 'Answer, then resume',
  awaiting_verification: 'Verify it and close it',
  gates_failed: 'See the findings',
  verification_error: 'See why, and verify again',
  issue_budget: 'See the cost, then resume',
  rotations: 'Split it, or resume',
  blocker_not_merged: 'Correct it, or resume',
  no_agent_fits: 'Split it',
};
const kinds: Readonly<Record<string, string>> = {
  failed_attempts: 'attempts failed',
  worker_blocked: 'agent is stuck',
  gates_failed: 'failed verification',
  verification_error: 'not verified',
  issue_budget: 'budget',
  no_agent_fits: 'too large',
  gates_passed: 'in review',
};

function issueWait(line: ShownLine, { giteaUrl }: Overview): Waiting {
  const { ref, title, repository, number, reason, changedAt, pull, state } = line;
  const own = issuePath(ref) ?? '/';
  return {
    tone: state === 'in_review' ? 'go' : 'bad',
    kind: kinds[reason.code] ?? 'needs a person',
    name: [link(own, ref), ' ', title],
    why: reason.text,
    since: changedAt,
    todo:
      reason.code === 'merged_not_closed'
        ? link(issueUrl(giteaUrl, repository, number), 'Close it on Gitea')
        : pull === null
          ? link(own, todos[reason.code] ?? 'See the issue')
          : link(
              pullUrl({ giteaUrl, repository }, pull),
              state === 'in_review' ? `Review !${pull}` : `See !${pull}`,
            ),
  };
}

const stuckNames: Readonly<Record<string, string>> = {
  cycle: 'in a cycle',
  no_access: 'no access',
  unreadable: 'not readable',
  hidden_blocker: 'hidden blocker',
  unknown_blockers: 'unknown blocker',
};

function stuckWait({ count, example }: Overview['stuck'][number]): Waiting[] {
  if (example === undefined) return [];
  const { reason, ref, title, changedAt } = example;
  const isCycle = reason.code === 'cycle';
  const others = count > 1 ? ` and ${count - 1} more` : '';
  return [
    {
      ...({ tone: 'warn', kind: stuckNames[reason.code] ?? 'blocked' } as const),
      name: [link(issuePath(ref) ?? '/', ref), ` ${title}${others}`],
      why: reason.text,
      since: changedAt,
      todo: isCycle
        ? link(`/graph?repository=${encodeURIComponent(example.repository)}`, 'See it in the graph')
        : link(issuePath(ref) ?? '/', 'See the issue'),
    },
  ];
}
