import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The secrets of the hook: the current one and, during a rotation, the previous one. */
export interface WebhookSecrets {
  readonly current: string | Buffer;
  readonly previous?: string | Buffer | undefined;
}

export type WebhookKeys = Readonly<ReturnType<typeof keysOf>>;

/** The secrets as keys, created once: creating one costs as much as hashing a small body. */
export function keysOf({ current, previous }: WebhookSecrets) {
  const key = (secret: string | Buffer) => createSecretKey(Buffer.from(secret));
  return { current: key(current), previous: previous === undefined ? undefined : key(previous) };
}

export type Verification =
  | { readonly valid: true; readonly secret: 'current' | 'previous'; readonly mac: Buffer }
  | { readonly valid: false; readonly reason: string };

/** Headers that carry HMAC-SHA256 over the body in lower-case hex. SHA-1 and `X-Gogs-Signature` are ignored. */
const signatureHeaders = [
  { name: 'x-gitea-signature', pattern: /^([0-9a-f]{64})$/ },
  { name: 'x-forgejo-signature', pattern: /^([0-9a-f]{64})$/ },
  { name: 'x-hub-signature-256', pattern: /^sha256=([0-9a-f]{64})$/ },
] as const;

/**
 * Verifies the signature of the raw body bytes. Every signature header present must be well formed, and all
 * must agree; a header sent twice arrives joined by a comma and so is malformed. Never throws.
 */
export function verifySignature(
  body: Buffer,
  headers: IncomingHttpHeaders,
  keys: WebhookKeys,
): Verification {
  const claimed = new Set<string>();
  for (const { name, pattern } of signatureHeaders) {
    const value = headers[name];
    if (value === undefined) continue;
    const hex = typeof value === 'string' ? pattern.exec(value)?.[1] : undefined;
    if (hex === undefined) return { valid: false, reason: `${name} is not well formed` };
    claimed.add(hex);
  }
  const [hex] = claimed;
  if (hex === undefined) return { valid: false, reason: 'no signature header' };
  if (claimed.size > 1) return { valid: false, reason: 'the signature headers disagree' };
  const mac = Buffer.from(hex, 'hex');
  const current = matches(mac, body, keys.current);
  const previous = keys.previous !== undefined && matches(mac, body, keys.previous);
  if (current) return { valid: true, secret: 'current', mac };
  if (previous) return { valid: true, secret: 'previous', mac };
  return { valid: false, reason: 'the signature does not match the body' };
}

function matches(mac: Buffer, body: Buffer, key: KeyObject): boolean {
  return timingSafeEqual(mac, createHmac('sha256', key).update(body).digest());
}
