import { h } from 'preact';
import { z } from 'zod';

import {
  deliveryStatuses,
  findDelivery,
  findStoredEvent,
  listDeliveries,
  type DeliveryStatus,
  type DeliveryView,
} from '../../../inbox/delivery-views.ts';
import { unknownCursor } from '../../filter.ts';
import { Page } from '../../page.ts';
import { Action } from '../../parts/action.ts';
import { At, tokens } from '../../parts/amounts.ts';
import { IssueLink } from '../../parts/issue-link.ts';
import { goOn, NoSuchPage, sendPage, visitOf, type Web, type WebDeps } from '../../web.ts';
import { cut, DeliveryBadge, DeliveryList, eventOf, shortId } from './delivery-list.ts';

/** Deliveries on a page. */
const pageSize = 50;
/** Characters of an event that are shown on the page of one. */
const maxEvent = 20_000;

const querySchema = z.object({
  status: z.enum(deliveryStatuses).optional().catch(undefined),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .catch(undefined),
});
const paramsSchema = z.object({ id: z.string().max(100) });

/** What was asked for and is not known: silence would look like an answer. */
function troubleOf(asked: unknown, { status, cursor }: z.infer<typeof querySchema>) {
  const given = z.record(z.string(), z.unknown()).catch({}).parse(asked);
  if (given['status'] !== undefined && status === undefined)
    return 'There is no such status: here are all.';
  return given['cursor'] !== undefined && cursor === undefined ? unknownCursor : undefined;
}

/** What a status says. */
const meanings: Readonly<Record<DeliveryStatus, string>> = {
  pending: 'is due, or being handled',
  scheduled: 'waits for its time',
  done: 'was handled',
  dead: 'was given up after many attempts',
  rejected: 'was not understood',
};

/** `GET /deliveries`, `GET /deliveries/:id` and `POST /deliveries/:id/replay`, for operators. */
export function registerDeliveryPages(web: Web, deps: WebDeps): void {
  const { store, now, takeIn, log, replay } = deps;
  web.get('/deliveries', async (request, reply) => {
    const { caller } = visitOf(request);
    const { status, cursor } = querySchema.parse(request.query);
    const notice = troubleOf(request.query, { status, cursor });
    await takeIn();
    const page = await listDeliveries(store.db, { status, cursor, limit: pageSize, now: now() });
    return sendPage(
      reply,
      h(
        Page,
        { title: 'Deliveries', caller, notice, path: '/deliveries', live: cursor === undefined },
        h(
          'p',
          { class: 'help' },
          'Webhooks of Gitea, and what the service asked for itself (refreshed); the newest first. Times are UTC.',
        ),
        h(StatusLinks, { status }),
        h(
          'section',
          { id: 'deliveries', 'data-live': true, 'aria-label': 'Deliveries' },
          h(DeliveryList, { items: page.items, now: now() }),
          h(Pages, { status, isFirst: cursor === undefined, next: page.nextCursor }),
        ),
      ),
    );
  });
  web.get('/deliveries/:id', async (request, reply) => {
    const { caller, notice } = visitOf(request);
    const { id } = paramsSchema.parse(request.params);
    await takeIn();
    const delivery = await findDelivery(store.db, id, now());
    if (delivery === undefined) throw new NoSuchPage('no such delivery');
    const stored = await findStoredEvent(store.db, id);
    return sendPage(
      reply,
      h(
        Page,
        {
          title: `Delivery ${shortId(id)}: ${eventOf(delivery)}`,
          caller,
          notice,
          path: '/deliveries',
          live: true,
        },
        h(
          'section',
          { id: 'delivery', 'data-live': true, 'aria-label': 'The delivery' },
          h(Facts, { delivery, size: stored?.size ?? 0, now: now() }),
        ),
        h(Action, {
          to: `/deliveries/${encodeURIComponent(id)}/replay`,
          name: 'Replay',
          effect: 'It is handled once more, now. Handling a delivery twice does no harm.',
        }),
        h(StoredEvent, { event: stored?.event ?? null }),
      ),
    );
  });
  web.post('/deliveries/:id/replay', async (request, reply) => {
    const { caller } = visitOf(request);
    const { id } = paramsSchema.parse(request.params);
    const delivery = await replay(id);
    if (delivery === undefined) throw new NoSuchPage('no such delivery');
    log.info({ caller: caller.name, delivery: id }, 'delivery replayed');
    return goOn(reply, `/deliveries/${encodeURIComponent(id)}`, 'replayed');
  });
}

function StatusLinks({ status }: { readonly status: DeliveryStatus | undefined }) {
  const links = [undefined, ...deliveryStatuses].map((each) =>
    h(
      'a',
      { href: linkTo({ status: each }), 'aria-current': each === status ? 'true' : undefined },
      each ?? 'all',
    ),
  );
  return h('nav', { class: 'sizes', 'aria-label': 'Status' }, links);
}

interface ListPlace {
  readonly status: DeliveryStatus | undefined;
  readonly cursor?: string;
}

function linkTo({ status, cursor }: ListPlace): string {
  const parameters = new URLSearchParams();
  if (status !== undefined) parameters.set('status', status);
  if (cursor !== undefined) parameters.set('cursor', cursor);
  return parameters.size === 0 ? '/deliveries' : `/deliveries?${parameters.toString()}`;
}

interface PagesProps extends ListPlace {
  readonly isFirst: boolean;
  readonly next: string | null;
}

function Pages({ status, isFirst, next }: PagesProps) {
  if (isFirst && next === null) return null;
  return h(
    'nav',
    { class: 'sizes', 'aria-label': 'Pages of the list' },
    isFirst ? null : h('a', { href: linkTo({ status }) }, 'Newest'),
    next === null ? null : h('a', { href: linkTo({ status, cursor: next }) }, 'Older'),
  );
}

interface FactsProps {
  readonly delivery: DeliveryView;
  readonly size: number;
  readonly now: number;
}

function Facts({ delivery, size, now }: FactsProps) {
  const { status, ref, handledAt, error } = delivery;
  const rows = [
    ['Status', [h(DeliveryBadge, { status }), ` It ${meanings[status]}.`]],
    ['Error', error],
    ['Issue', ref === null ? null : h(IssueLink, { issue: ref })],
    [
      'Event',
      delivery.event ?? `not understood; its header says ${delivery.eventName || 'nothing'}`,
    ],
    ['Received', h(At, { at: delivery.receivedAt, now })],
    [status === 'scheduled' ? 'Due' : 'Was due', h(At, { at: delivery.dueAt, now })],
    ['Handled', handledAt === null ? null : h(At, { at: handledAt, now })],
    ['Failed attempts', tokens(delivery.attempts)],
    ['Id', h('code', null, delivery.deliveryId)],
    ['SHA-256 of its bytes', delivery.bodyHash === '' ? null : h('code', null, delivery.bodyHash)],
    ['Bytes kept', size === 0 ? 'none, since it was understood' : tokens(size)],
  ] as const;
  const shown = rows.filter(([, value]) => value !== null);
  return h(
    'dl',
    { class: 'facts' },
    ...shown.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))),
  );
}

function StoredEvent({ event }: { readonly event: string | null }) {
  if (event === null) return null;
  return h(
    'details',
    null,
    h('summary', null, 'What was understood, without the text of the issue'),
    h('pre', { class: 'scroll', tabIndex: 0 }, cut(event, maxEvent)),
  );
}
