import { createHmac, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

import { z } from 'zod';

const directory = new URL('../fixtures/deliveries/', import.meta.url);

/** The secret the recorded hook had. */
export const recordedSecret = 'orbit-test-secret';

/** A request to the webhook route: the bytes and all headers but those of the connection. */
export interface SignedRequest {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const recordingSchema = z.object({
  name: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  bodyBase64: z.string(),
});

export const recordingNames: readonly string[] = readdirSync(directory)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace(/\.json$/, ''))
  .sort();

/** A delivery as Gitea 1.25.4 sent it, byte for byte. */
export function recording(name: string): SignedRequest {
  const text = readFileSync(new URL(`${name}.json`, directory), 'utf8');
  const { headers, bodyBase64 } = recordingSchema.parse(JSON.parse(text));
  const ofConnection = new Set(['host', 'content-length', 'accept-encoding']);
  const kept = headers.filter(([header]) => !ofConnection.has(header.toLowerCase()));
  return { headers: Object.fromEntries(kept), body: Buffer.from(bodyBase64, 'base64') };
}

const payloadSchema = z.looseObject({
  issue: z.looseObject({}),
  repository: z.looseObject({}),
});

export interface PayloadChanges {
  readonly action?: string;
  readonly number?: number;
  readonly title?: string;
  readonly body?: string | null;
  readonly open?: boolean;
  readonly assignees?: readonly string[] | null;
  readonly labels?: readonly string[] | null;
  /** ISO 8601. */
  readonly updatedAt?: string;
  readonly repositoryId?: number;
  readonly repository?: string;
  readonly sender?: string;
  readonly comment?: string;
}

/** A payload made from a recorded one: what is not named stays as Gitea sent it. */
export function issuePayload(changes: PayloadChanges = {}): Record<string, unknown> {
  const base = payloadSchema.parse(JSON.parse(recording('issues-assigned-bot').body.toString()));
  const { title, number, body, assignees, labels } = changes;
  return {
    ...base,
    action: changes.action ?? 'assigned',
    number: number ?? 5,
    issue: {
      ...base.issue,
      number: number ?? 5,
      ...(title === undefined ? {} : { title }),
      ...(body === undefined ? {} : { body }),
      ...(changes.open === undefined ? {} : { state: changes.open ? 'open' : 'closed' }),
      ...(assignees === undefined
        ? {}
        : { assignees: assignees?.map((login) => ({ id: 1, login })) ?? null }),
      ...(labels === undefined ? {} : { labels: labels?.map((name) => ({ id: 1, name })) ?? null }),
      ...(changes.updatedAt === undefined ? {} : { updated_at: changes.updatedAt }),
    },
    repository: {
      ...base.repository,
      ...(changes.repositoryId === undefined ? {} : { id: changes.repositoryId }),
      ...(changes.repository === undefined ? {} : { full_name: changes.repository }),
    },
    ...(changes.sender === undefined ? {} : { sender: { id: 1, login: changes.sender } }),
    ...(changes.comment === undefined ? {} : { comment: { id: 1, body: changes.comment } }),
  };
}

export interface SignOptions {
  readonly event?: string;
  readonly id?: string;
  readonly secret?: string;
}

/** Signs bytes, or the JSON of anything else, as Gitea does. */
export function signedRequest(payload: unknown, options: SignOptions = {}): SignedRequest {
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  const signature = createHmac('sha256', options.secret ?? recordedSecret)
    .update(body)
    .digest('hex');
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'x-gitea-delivery': options.id ?? randomUUID(),
      'x-gitea-event': options.event ?? 'issues',
      'x-gitea-signature': signature,
      'x-hub-signature-256': `sha256=${signature}`,
    },
  };
}
