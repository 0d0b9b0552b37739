import { h } from 'preact';

import type { DeliveryStatus, DeliveryView } from '../../../inbox/delivery-views.ts';
import { At, tokens } from '../../parts/amounts.ts';
import { IssueLink } from '../../parts/issue-link.ts';

/** Length of an error in the list, in characters. */
const maxError = 200;

interface ListProps {
  readonly items: readonly DeliveryView[];
  readonly now: number;
}

/** Deliveries, each with what it tells first. */
export function DeliveryList({ items, now }: ListProps) {
  if (items.length === 0) return h('p', null, 'There is no such delivery.');
  return h(
    'ul',
    { class: 'rows deliveries' },
    items.map((item) => h(Row, { item, now })),
  );
}

function Row({ item, now }: { readonly item: DeliveryView; readonly now: number }) {
  const { deliveryId: id, status, ref, attempts, error } = item;
  return h(
    'li',
    null,
    h(
      'p',
      { class: 'what' },
      h('a', { class: 'name', href: `/deliveries/${encodeURIComponent(id)}` }, eventOf(item)),
      ref === null ? null : [' ', h(IssueLink, { issue: ref })],
    ),
    h(
      'p',
      null,
      h(DeliveryBadge, { status }),
      attempts === 0
        ? null
        : h('small', null, ` ${tokens(attempts)} ${attempts === 1 ? 'failure' : 'failures'}`),
    ),
    h('p', { class: 'when' }, h(At, { at: item.receivedAt, now })),
    h('p', { class: 'faint' }, h('code', { title: id }, shortId(id))),
    error === null ? null : h('p', { class: 'error' }, cut(error, maxError)),
  );
}

/** The event, or what its header says where it was not understood. */
export function eventOf({ event, eventName }: DeliveryView): string {
  return event ?? (eventName === '' ? 'no event' : eventName);
}

export function DeliveryBadge({ status }: { readonly status: DeliveryStatus }) {
  return h('span', { class: `badge delivery-${status}` }, status);
}

/** Of an id such as `refresh-4d8537ff-f887-4b1a-a8b9-46b6be07cf7e` the part that differs first. */
export function shortId(id: string): string {
  return /^(?:refresh-)?[^-]{1,12}/.exec(id)?.[0] ?? id.slice(0, 12);
}

export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
