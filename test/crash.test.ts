import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { startServiceProcess } from './support/process.ts';
import { issuePayload, signedRequest, type SignedRequest } from './support/recordings.ts';
import { planSchema, startService, temporaryDirectory, type Service } from './support/service.ts';

const cycles = 20;
const deliveriesPerCycle = 40;
/** Requests under way at the same time. */
const senders = 8;
const seed = Number(process.hrtime.bigint() % 1_000_000n);

/** Mulberry32: small, and the same numbers for the same seed. */
function randomNumbers(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Sent {
  readonly id: string;
  readonly request: SignedRequest;
}

const issueCount = 16;
const actions = [
  'edited',
  'closed',
  'reopened',
  'unassigned',
  'assigned',
  'label_updated',
] as const;

/** What happened in one project: issues that wait for each other are opened, changed and closed. */
function makeHistory(length: number, random: () => number): Sent[] {
  const pick = (limit: number) => Math.floor(random() * limit);
  const issues = new Map<number, { open: boolean; assigned: boolean; text: string }>();
  return Array.from({ length }, (_, index) => {
    const number = pick(issueCount) + 1;
    const known = issues.get(number);
    const action = known === undefined ? 'opened' : (actions[pick(actions.length)] ?? 'edited');
    const issue = known ?? { open: true, assigned: true, text: '' };
    issues.set(number, issue);
    if (action === 'closed' || action === 'reopened') issue.open = action === 'reopened';
    if (action === 'unassigned' || action === 'assigned') issue.assigned = action === 'assigned';
    if (action === 'opened' || action === 'edited') issue.text = textOf(index, pick);
    const payload = issuePayload({
      action,
      number,
      title: `Issue ${number}`,
      body: issue.text,
      open: issue.open,
      assignees: issue.assigned ? ['mosaic'] : [],
      labels: action === 'label_updated' ? [`label-${index}`] : ['bug'],
      updatedAt: new Date(Date.parse('2026-11-01T00:00:00Z') + index * 1000).toISOString(),
    });
    const id = `crash-${index}`;
    return { id, request: signedRequest(payload, { id }) };
  });
}

function textOf(index: number, pick: (limit: number) => number): string {
  const blockers = [pick(issueCount) + 1, pick(issueCount) + 1];
  return `Version ${index}\n\nBlocked by: #${blockers.join(', #')}\nBlocks: #${pick(issueCount) + 1}\n`;
}

/** Sends all of `batch`, a few at a time; calls `onAnswer` for each answer. Ends early when refused. */
async function sendAll(
  url: string,
  batch: readonly Sent[],
  on: { sent: (id: string) => void; answered: (id: string, status: number) => void },
): Promise<void> {
  const queue = [...batch];
  async function sender(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { id, request } = next;
      on.sent(id);
      try {
        const reply = await fetch(`${url}/webhook/gitea`, {
          method: 'POST',
          headers: request.headers,
          body: new Uint8Array(request.body),
        });
        on.answered(id, reply.status);
        await reply.arrayBuffer();
      } catch {
        // The process is gone: whether this one was stored is not known.
        return;
      }
    }
  }
  await Promise.all(Array.from({ length: senders }, sender));
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

const planPage = z.object({ items: z.array(planSchema) });

/** Every plan, less the time it last changed. */
async function plansOf(service: Service) {
  const pages = await everyPage(service, '/issues');
  return pages
    .flatMap((page) => planPage.parse(page).items)
    .map((plan) => ({ ...plan, updatedAt: null }))
    .sort((left, right) => left.ref.localeCompare(right.ref));
}

const deliveryPage = z.object({
  items: z.array(z.object({ deliveryId: z.string(), status: z.string() })),
});

test(
  `after ${cycles} kills under load nothing acknowledged is lost and the plans are those of a quiet run (seed ${seed})`,
  { timeout: 180_000 },
  async () => {
    const startedAt = performance.now();
    const random = randomNumbers(seed);
    const history = makeHistory(cycles * deliveriesPerCycle, random);
    const directory = temporaryDirectory();
    const acknowledged = new Set<string>();
    let killsInFlight = 0;
    let inFlightAtKill = 0;
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const service = await startServiceProcess(directory);
      const due = history.slice(0, (cycle + 1) * deliveriesPerCycle);
      const batch = due.filter(({ id }) => !acknowledged.has(id));
      const killAfter = 1 + Math.floor(random() * (batch.length - senders));
      const inFlight = new Set<string>();
      const turns = Math.floor(random() * 20);
      let answers = 0;
      let killing: Promise<unknown> | undefined;
      const kill = async () => {
        for (let turn = 0; turn < turns; turn += 1) await new Promise((done) => setImmediate(done));
        if (inFlight.size > 0) killsInFlight += 1;
        inFlightAtKill += inFlight.size;
        expect(await service.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
      };
      await sendAll(service.url, batch, {
        sent: (id) => {
          inFlight.add(id);
        },
        answered: (id, status) => {
          inFlight.delete(id);
          expect(status).toBe(200);
          acknowledged.add(id);
          answers += 1;
          if (answers === killAfter) killing = kill();
        },
      });
      await killing;
      expect(service.hasEnded()).toBe(true);
    }
    const unanswered = history.filter(({ id }) => !acknowledged.has(id));
    const survivor = await startService({ directory });
    for (const { request } of unanswered) {
      expect(await survivor.send(request)).toMatchObject({ status: 200 });
    }
    await survivor.idle();

    const deliveries = (await everyPage(survivor, '/deliveries')).flatMap(
      (page) => deliveryPage.parse(page).items,
    );
    const stored = new Set(deliveries.map(({ deliveryId }) => deliveryId));
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
    expect(deliveries.filter(({ status }) => status !== 'done')).toEqual([]);
    expect(deliveries).toHaveLength(history.length);
    expect(killsInFlight).toBeGreaterThan(0);

    const quiet = await startService();
    for (const { request } of history) await quiet.send(request);
    await quiet.idle();
    const expected = await plansOf(quiet);
    expect(expected.length).toBeGreaterThan(issueCount / 2);
    expect(await plansOf(survivor)).toEqual(expected);

    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const figures = `crash test: seed ${seed}, ${cycles} kills, ${killsInFlight} with deliveries in flight (${inFlightAtKill} in all), ${acknowledged.size} of ${history.length} acknowledged before the last start, ${seconds} s`;
    onTestFinished(() => void process.stdout.write(`${figures}\n`));
  },
);
