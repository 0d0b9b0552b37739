import type { Command } from 'commander';
import { z } from 'zod';

import { loadDatabasePath } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import { isPostgresUrl } from '../../db/location.ts';
import { takeInBeside } from '../../db/spool/take-in.ts';
import { CoordinatorError } from '../../errors.ts';
import {
  deliveryStatuses,
  findDelivery,
  listDeliveries,
  replayDelivery,
  type DeliveryView,
} from '../../inbox/delivery-views.ts';
import type { Io } from '../io.ts';
import { listOptionsSchema, parseOptions } from '../options.ts';
import { printJson, renderTable } from '../output.ts';
import { withDatabase } from '../with-database.ts';

const optionsSchema = listOptionsSchema.extend({
  status: z
    .enum(deliveryStatuses, `--status must be one of ${deliveryStatuses.join(', ')}`)
    .optional(),
});

/** `deliveries list | show ID | replay ID`, whether the service runs or not. */
export function addDeliveriesCommand(program: Command, io: Io): void {
  const command = program
    .command('deliveries')
    .description('list received deliveries, show one, or replay one');
  command
    .command('list', { isDefault: true })
    .description('list deliveries, newest first')
    .option('--status <status>', `one of ${deliveryStatuses.join(', ')}`)
    .option('--limit <number>', 'maximum number', '50')
    .option('--json', 'the same JSON as the API')
    .action((options: unknown) => list(io, options));
  command
    .command('show')
    .argument('<id>', 'delivery id')
    .description('show one delivery, as JSON')
    .action((id: string) => show(io, id));
  command
    .command('replay')
    .argument('<id>', 'delivery id')
    .description('handle a delivery again; a running service starts within a second')
    .action((id: string) => replay(io, id));
}

async function list(io: Io, rawOptions: unknown): Promise<void> {
  const { status, limit, json } = parseOptions(optionsSchema, rawOptions);
  await withDeliveries(io, async (db) => {
    const page = await listDeliveries(db, { status, limit, now: Date.now() });
    if (json) printJson(io, page);
    else if (page.items.length === 0) io.stdout.write('There are no such deliveries.\n');
    else io.stdout.write(`${renderDeliveries(page.items)}\n`);
  });
}

async function show(io: Io, id: string): Promise<void> {
  await withDeliveries(io, async (db) => {
    printJson(io, found(id, await findDelivery(db, id, Date.now())));
  });
}

async function replay(io: Io, id: string): Promise<void> {
  await withDeliveries(io, async (db) => {
    found(id, await replayDelivery(db, id, Date.now()));
    io.stdout.write(`Delivery ${id} is queued again.\n`);
  });
}

/** The database with all that was accepted, also what the service has not come to yet. */
function withDeliveries(io: Io, use: (db: Database) => Promise<void>): Promise<void> {
  const path = loadDatabasePath(io.environment());
  return withDatabase(path, async (db) => {
    // On PostgreSQL there is no spool.
    if (!isPostgresUrl(path)) takeInBeside(path);
    await use(db);
  });
}

function found(id: string, view: DeliveryView | undefined): DeliveryView {
  if (view !== undefined) return view;
  throw new CoordinatorError('not_found', `There is no delivery ${id}.`);
}

function renderDeliveries(items: readonly DeliveryView[]): string {
  return renderTable(
    ['Delivery', 'Status', 'Event', 'Issue', 'Received', 'Tries', 'Error'],
    items.map((view) => [
      view.deliveryId,
      view.status,
      view.event ?? view.eventName,
      view.ref ?? '',
      view.receivedAt,
      String(view.attempts),
      view.error ?? '',
    ]),
  );
}
