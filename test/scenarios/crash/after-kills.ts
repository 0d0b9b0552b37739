import { expect } from 'vitest';
import { z } from 'zod';

import type { Sent } from './delivery-history.ts';
import { planSchema, type Service } from '../../support/service.ts';

interface Crashed {
  /** Started on the data that the killed ones left. */
  readonly survivor: Service;
  /** Started on nothing. */
  readonly quiet: Service;
  readonly history: readonly Sent[];
  readonly acknowledged: ReadonlySet<string>;
}

/** Gives the survivor what nobody acknowledged and a quiet service everything, and lets both finish. */
export async function compareWithQuietRun({ survivor, quiet, history, acknowledged }: Crashed) {
  const unanswered = history.filter(({ id }) => !acknowledged.has(id));
  await sendInTurn(survivor, unanswered);
  await sendInTurn(quiet, history);
  const deliveries = await deliveriesOf(survivor);
  const stored = new Set(deliveries.map(({ deliveryId }) => deliveryId));
  return {
    lost: [...acknowledged].filter((id) => !stored.has(id)),
    deliveries,
    plans: await plansOf(survivor),
    quietPlans: await plansOf(quiet),
  };
}

async function sendInTurn(service: Service, deliveries: readonly Sent[]): Promise<void> {
  for (const { request } of deliveries)
    expect(await service.send(request)).toMatchObject({ status: 200 });
  await service.idle();
}

const deliveryPage = z.object({
  items: z.array(z.object({ deliveryId: z.string(), status: z.string() })),
});

/** Every delivery that the service lists. */
export async function deliveriesOf(service: Service) {
  const pages = await everyPage(service, '/deliveries');
  return pages.flatMap((page) => deliveryPage.parse(page).items);
}

const planPage = z.object({ items: z.array(planSchema) });

/** Every plan, less the time it last changed. */
async function plansOf(service: Service) {
  const pages = await everyPage(service, '/issues');
  return pages
    .flatMap((page) => planPage.parse(page).items)
    .map((plan) => ({ ...plan, updatedAt: null }))
    .sort((left, right) => left.ref.localeCompare(right.ref));
}

const pageSchema = z.object({ nextCursor: z.string().nullable() });

async function everyPage(service: Service, path: string): Promise<unknown[]> {
  const pages: unknown[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { json } = await service.api(`${path}?limit=200${query}`);
    pages.push(json);
    cursor = pageSchema.parse(json).nextCursor;
  }
  return pages;
}
