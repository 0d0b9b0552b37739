import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { CoordinatorError } from '../../errors.ts';

/** Address of the running service, and the token of its API. */
export interface RunningService {
  readonly url: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

/** One webhook POST, ready to be sent. */
export interface SignedRequest {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const recordingSchema = z.object({
  name: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  bodyBase64: z.base64(),
});

/** Headers of the connection, not of the delivery: every sender sets its own. */
const connectionHeaders: readonly string[] = ['host', 'content-length', 'accept-encoding'];

/** Reads recorded deliveries, in order of their names. Throws when there are none. */
export function readRecordings(directory: string): SignedRequest[] {
  const files = existsSync(directory) ? readdirSync(directory) : [];
  const recorded = files
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const text = readFileSync(join(directory, file), 'utf8');
      const { name, headers, bodyBase64 } = recordingSchema.parse(JSON.parse(text));
      const kept = headers.filter(([header]) => !connectionHeaders.includes(header.toLowerCase()));
      return { name, headers: Object.fromEntries(kept), body: Buffer.from(bodyBase64, 'base64') };
    });
  if (recorded.length > 0) return recorded;
  const message = `There are no recorded deliveries in ${directory}: the demo needs a checkout of the project.`;
  throw new CoordinatorError('recordings_missing', message);
}

/** Signs a delivery as Gitea does: the HMAC of the bytes sent. The name serves as its id. */
export function signRequest(
  secret: string,
  name: string,
  body: Buffer,
  event = 'issues',
): SignedRequest {
  const headers = {
    'content-type': 'application/json',
    'x-gitea-delivery': name,
    'x-gitea-event': event,
    'x-gitea-signature': createHmac('sha256', secret).update(body).digest('hex'),
  };
  return { name, headers, body };
}

const answerSchema = z.object({ status: z.enum(['accepted', 'duplicate', 'ignored']) });

/** Sends a delivery; anything but a 2xx is `refused`. */
export async function send(
  { url, signal }: Pick<RunningService, 'url' | 'signal'>,
  { headers, body }: SignedRequest,
) {
  const reply = await fetch(`${url}/webhook/gitea`, {
    method: 'POST',
    headers,
    body: new Uint8Array(body),
    signal,
  });
  const json: unknown = await reply.json();
  const answer = reply.ok ? answerSchema.parse(json).status : 'refused';
  return { status: reply.status, answer } as const;
}

/** Calls the API; throws for anything but a 2xx. */
export async function askApi(
  { url, token, signal }: RunningService,
  path: string,
): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const reply = await fetch(`${url}/api/v1${path}`, { headers, signal });
  if (reply.ok) return reply.json();
  const message = `The demo requested /api/v1${path} and got status ${reply.status}.`;
  throw new CoordinatorError('demo_failed', message);
}
