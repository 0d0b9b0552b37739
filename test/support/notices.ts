import { z } from 'zod';

import { createWriteQueue, watchWrites, type WriteQueue } from '../../src/db/write-queue.ts';
import { storeUpdate } from '../../src/handling/commit-update.ts';
import { createLogger } from '../../src/log.ts';
import type { ServiceTrouble } from '../../src/notify/facts.ts';
import type { NotifyTarget } from '../../src/notify/messages.ts';
import { createNotifier } from '../../src/notify/notifier.ts';
import { builtInAgents } from '../../src/planning/built-in-agents.ts';
import { manualClock } from './clock.ts';
import { openTestDatabase } from './database.ts';
import { issueUpdate } from './issue-update.ts';

export const secret = `whsec_${Buffer.from('secret of the tests, 32 bytes ok').toString('base64')}`;

const bodySchema = z.object({
  type: z.literal('coordinator.notices'),
  data: z.object({
    notices: z.array(
      z.object({
        kind: z.string(),
        issue: z.string().nullable(),
        title: z.string().nullable(),
        text: z.string(),
        url: z.string().nullable(),
      }),
    ),
    more: z.number(),
  }),
});

interface StageOptions {
  readonly targets: readonly NotifyTarget[];
  readonly logs?: string[];
  readonly pullRequests?: boolean;
  /** Wraps the write queue. */
  readonly around?: (writes: WriteQueue) => WriteQueue;
}

/** A notifier with a store of its own, stepped by hand. */
export async function stageNotices({
  targets,
  logs = [],
  pullRequests = true,
  around = (all) => all,
}: StageOptions) {
  const clock = manualClock();
  const { db } = await openTestDatabase();
  let written = 0;
  const writes = around(watchWrites(createWriteQueue(db), () => (written += 1)));
  const trouble: ServiceTrouble[] = [];
  let leads = true;
  const notifier = () =>
    createNotifier({
      ...{ db, writes, targets, secret, now: clock.now },
      publicUrl: 'https://mosaic.example.test',
      pullRequests,
      giteaUrl: 'https://git.example.test',
      agents: builtInAgents,
      trouble: () => Promise.resolve(trouble),
      isLeader: () => leads,
      random: () => 0,
      log: createLogger('info', { write: (line) => void logs.push(line) }),
    });
  let running = notifier();
  running.start();

  async function add(number: number): Promise<void> {
    await db
      .transaction()
      .execute((it) =>
        storeUpdate(it, issueUpdate({ number, blockers: [], open: true, at: 1 }), clock.now()),
      );
  }

  async function become(number: number, state: string, code: string, params: object) {
    await db
      .updateTable('issues')
      .set({ state, reason_code: code, reason_params: JSON.stringify(params) })
      .set({ changed_at: clock.now() })
      .where('number', '=', number)
      .execute();
  }

  /** Looks, and sends what is due. */
  async function look(): Promise<void> {
    await running.idle();
  }

  /** A replica that ends and another one that begins. */
  async function restart(): Promise<void> {
    await running.stop();
    begin();
  }

  /** A process that begins; the one before has ended without a word. */
  function begin(): void {
    running = notifier();
    running.start();
  }

  return {
    ...{ clock, db, trouble, add, become, look, restart, begin },
    writes: () => written,
    check: () => running.check(),
    follow: (value: boolean) => (leads = value),
    stop: () => running.stop(),
  };
}

/** A state that needs a person. */
export const closed = (pull: number) => ['needs_human', 'pull_request_closed', { pull }] as const;

/** What a signed message tells. */
export function noticesOf(body: string) {
  return bodySchema.parse(JSON.parse(body)).data;
}
