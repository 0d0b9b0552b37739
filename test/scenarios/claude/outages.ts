import { expect } from 'vitest';
import { z } from 'zod';

import { readingSchema } from '../../../src/issue/reading.ts';
import { answers, emptyAnswer, type ClaudeScript } from '../../support/claude.ts';
import { issuePayload, signedRequest, type PayloadChanges } from '../../support/recordings.ts';
import type { Service } from '../../support/service.ts';

export const hangs: ClaudeScript = () => undefined;

export const refuses = answers('I cannot read this.', 'refusal');

export const stalls: ClaudeScript = (_call, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"content":[');
};

export function page(type: string): ClaudeScript {
  return (_call, response) => {
    response.writeHead(200, { 'content-type': type });
    response.end('<html><body>Sign in to the network</body></html>');
  };
}

export const reads = answers({
  ...emptyAnswer,
  estimated_context_tokens: 30_000,
  estimated_difficulty: 'high',
});

export async function sendIssue(service: Service, changes: PayloadChanges): Promise<void> {
  const payload = issuePayload({ body: 'No structure at all.', ...changes });
  expect(await service.send(signedRequest(payload))).toMatchObject({ status: 200 });
}

const deliveriesSchema = z.object({
  items: z.array(
    z.looseObject({
      ref: z.string(),
      event: z.string(),
      receivedAt: z.string(),
      dueAt: z.string(),
    }),
  ),
});

/** The deliveries that wait for their time, with the seconds they wait. */
export async function scheduled(service: Service) {
  const { json } = await service.api('/deliveries?status=scheduled&limit=200');
  return deliveriesSchema.parse(json).items.map(({ ref, event, receivedAt, dueAt }) => ({
    ref,
    event,
    seconds: (Date.parse(dueAt) - Date.parse(receivedAt)) / 1000,
  }));
}

const shownReading = readingSchema.omit({ dependencies: true, warnings: true });

export async function readingOf(service: Service, number: number) {
  return shownReading.parse((await service.plan(`acme/orbit#${number}`))?.['reading']);
}

const healthSchema = z.object({
  status: z.string(),
  checks: z.looseObject({ claude: z.looseObject({ status: z.string() }) }),
});

export async function health(service: Service) {
  const reply = await service.health();
  return { code: reply.status, ...healthSchema.parse(await reply.json()) };
}
