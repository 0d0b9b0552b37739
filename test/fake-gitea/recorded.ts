import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';

import { z } from 'zod';

const recordedAnswerSchema = z.object({
  request: z.object({ path: z.string() }),
  status: z.number(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.unknown().optional(),
  bodyText: z.string().optional(),
});
export type RecordedAnswer = z.infer<typeof recordedAnswerSchema>;

const jsonObject = z.record(z.string(), z.unknown());

/** An answer of the REST API as Gitea 1.25.4 gave it. */
export function recordedAnswer(name: string): RecordedAnswer {
  const url = new URL(`../fixtures/api/${name}.json`, import.meta.url);
  return recordedAnswerSchema.parse(JSON.parse(readFileSync(url, 'utf8')));
}

/** The object such an answer carried. */
export function recordedObject(name: string): Record<string, unknown> {
  return jsonObject.parse(recordedAnswer(name).body);
}

/** Sends a recorded answer, less the headers that belong to its connection. */
export function sendRecorded(answer: RecordedAnswer, response: ServerResponse): void {
  const ofConnection = new Set(['content-length', 'transfer-encoding', 'date']);
  const headers = answer.headers.filter(([name]) => !ofConnection.has(name.toLowerCase()));
  response.writeHead(answer.status, Object.fromEntries(headers));
  response.end(answer.body === undefined ? answer.bodyText : `${JSON.stringify(answer.body)}\n`);
}
