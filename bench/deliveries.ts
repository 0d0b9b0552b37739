import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import autocannon, { type Result } from 'autocannon';
import { z } from 'zod';

import { secret } from './servers.ts';

const bodyBytes = 9 * 1024;
const recordingSchema = z.object({ bodyBase64: z.string() });
const payloadSchema = z.looseObject({ issue: z.looseObject({}), repository: z.looseObject({}) });

/** A signed delivery of one issue, of its own each time: equal bytes would be a duplicate. */
export interface Delivery {
  readonly path: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** The deliveries of a world of issues; they name each other as its kind says. */
export interface World {
  readonly issues: number;
  readonly textOf: (number: number) => string;
  readonly repositoryOf: (number: number) => number;
}

/** Four repositories, in which up to four issues wait in a row. */
export function plainWorld(issues: number): World {
  return {
    issues,
    textOf: (number) => (number % 16 < 4 ? 'Depends on nothing.' : `Blocked by #${number - 4}`),
    repositoryOf: (number) => number % 4,
  };
}

/** One repository, in which all issues wait for each other. */
export function tangle(issues: number): World {
  const turn = (number: number) => ((number - 1) % issues) + 1;
  return {
    issues,
    textOf: (number) => `Blocked by #${turn(number + 1)}\\nBlocks #${turn(number + 8)}`,
    repositoryOf: () => 0,
  };
}

const marks = {
  number: '987654321',
  repositoryId: '987654322',
  repository: 'mark-of-the-repository',
};
const markOfText = 'mark-of-the-text';
let made = 0;

/** Makes deliveries of a world. */
export function deliveriesOf({ issues, textOf, repositoryOf }: World): (index: number) => Delivery {
  const template = readTemplate();
  return (index) => {
    const number = (index % issues) + 1;
    const repository = repositoryOf(number);
    made += 1;
    const start = template
      .replaceAll(marks.number, String(number))
      .replaceAll(marks.repositoryId, String(2 + repository))
      .replaceAll(marks.repository, `orbit-${repository}`)
      .replace(markOfText, textOf(number));
    const missing = bodyBytes - Buffer.byteLength(start) - 2;
    const body = `${start}${String(made).padEnd(Math.max(10, missing), 'x')}"}`;
    const headers = {
      'content-type': 'application/json',
      'x-gitea-event': 'issues',
      'x-gitea-signature': createHmac('sha256', secret).update(body).digest('hex'),
      'x-gitea-delivery': randomUUID(),
    };
    return { path: '/webhook/gitea', body, headers };
  };
}

function readTemplate(): string {
  const recording = new URL(
    '../test/fixtures/deliveries/issues-assigned-bot.json',
    import.meta.url,
  );
  const { bodyBase64 } = recordingSchema.parse(JSON.parse(readFileSync(recording, 'utf8')));
  const base = payloadSchema.parse(JSON.parse(Buffer.from(bodyBase64, 'base64').toString()));
  const [number, id] = [Number(marks.number), Number(marks.repositoryId)];
  const name = marks.repository;
  const named = { id, name, full_name: `acme/${name}` };
  const issue = {
    ...{ ...base.issue, number, title: `Issue ${number}`, body: markOfText },
    ...{ repository: { ...named, owner: 'acme' }, updated_at: new Date().toISOString() },
  };
  const payload = { ...base, number, issue, repository: { ...base.repository, ...named } };
  return `${JSON.stringify(payload).slice(0, -1)},"padding":"`;
}

/** As fast as they are answered, over kept connections. */
export function load(
  url: string,
  make: () => Delivery,
  { seconds, connections }: { seconds: number; connections: number },
): Promise<Result> {
  return autocannon({
    ...{ url, connections, duration: seconds },
    requests: [{ method: 'POST', setupRequest: (request) => ({ ...request, ...make() }) }],
  });
}

/** Latencies in ms, in rising order, and the number of those that were not answered 200. */
export interface Steady {
  readonly latencies: readonly number[];
  readonly failures: number;
}

/**
 * Sends at a steady rate, each on its own moment, whatever became of the last. A latency counts from the moment the
 * delivery was due: a stall counts for all that it delays.
 */
export async function sendSteadily(
  url: string,
  make: () => Delivery,
  { seconds, rate }: { seconds: number; rate: number },
): Promise<Steady> {
  const latencies: number[] = [];
  let failures = 0;
  const sent: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let index = 0; index < seconds * rate; index += 1) {
    const dueAt = startedAt + (index * 1000) / rate;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const { path, ...request } = make();
    const answered = fetch(`${url}${path}`, { method: 'POST', ...request })
      .then(async (reply) => {
        await reply.arrayBuffer();
        if (reply.status !== 200) failures += 1;
      })
      .catch(() => {
        failures += 1;
      })
      .then(() => void latencies.push(performance.now() - dueAt));
    sent.push(answered);
  }
  await Promise.all(sent);
  return { latencies: latencies.sort((a, b) => a - b), failures };
}
