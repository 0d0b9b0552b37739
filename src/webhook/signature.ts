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
  | { readonly valid: true; readonly secret: 'current' | 'previous' }
  | { readonly valid: false; readonly reason: string };

/** Headers that carry HMAC-SHA256 over the body in lower-case hex. SHA-1 and `X-Gogs-Signature` are ignored. */
const signatureHeaders = [
  { name: 'x-gitea-signature', pattern: /^([0-9a-f]{64})$/ },
  { name: 'x-forgejo-signature', pattern: /^([0-9a-f]{64})$/ },
  { name: 'x-hub-signature-256', pattern: /^sha256=([0-9a-f]{64})$/ },
] as const;

/** The signature that the headers claim, or why it cannot be one: known before any byte of the body is. */
export type ClaimedSignature =
  { readonly mac: Buffer } | { readonly mac: undefined; readonly reason: string };

/**
 * Reads the signature from the headers. Every signature header present must be well formed, and all must
 * agree; a header sent twice arrives joined by a comma and so is malformed. Never throws.
 */
export function claimedSignature(headers: IncomingHttpHeaders): ClaimedSignature {
  const claimed = new Set<string>();
  for (const { name, pattern } of signatureHeaders) {
    const value = headers[name];
    if (value === undefined) continue;
    const hex = typeof value === 'string' ? pattern.exec(value)?.[1] : undefined;
    if (hex === undefined) return { mac: undefined, reason: `${name} is not well formed` };
    claimed.add(hex);
  }
  const [hex] = claimed;
  if (hex === undefined) return { mac: undefined, reason: 'no signature header' };
  if (claimed.size > 1) return { mac: undefined, reason: 'the signature headers disagree' };
  return { mac: Buffer.from(hex, 'hex') };
}

/**
 * Whether a refused request looks like a delivery of a hook that is set up wrongly: with another secret, or with
 * none, for which Gitea sends empty headers. What strangers send has no such header, unless they mean it.
 */
export function looksSigned(headers: IncomingHttpHeaders): boolean {
  if (claimedSignature(headers).mac !== undefined) return true;
  const sent = signatureHeaders.flatMap(({ name }) => headers[name] ?? []);
  return sent.length > 0 && sent.every((value) => value === '');
}

/** Verifies the signature of the raw body, whole or in the pieces in which it arrived. Never throws. */
export function verifySignature(
  body: Buffer | readonly Buffer[],
  headers: IncomingHttpHeaders,
  keys: WebhookKeys,
): Verification {
  const claimed = claimedSignature(headers);
  if (claimed.mac === undefined) return { valid: false, reason: claimed.reason };
  return verifyMac(Buffer.isBuffer(body) ? [body] : body, claimed.mac, keys);
}

/** Verifies what the headers claim (`claimedSignature`) against the pieces of the body. Never throws. */
export function verifyMac(pieces: readonly Buffer[], mac: Buffer, keys: WebhookKeys): Verification {
  const current = matches(mac, pieces, keys.current);
  const previous = keys.previous !== undefined && matches(mac, pieces, keys.previous);
  if (current) return { valid: true, secret: 'current' };
  if (previous) return { valid: true, secret: 'previous' };
  return { valid: false, reason: 'the signature does not match the body' };
}

function matches(mac: Buffer, pieces: readonly Buffer[], key: KeyObject): boolean {
  const hmac = createHmac('sha256', key);
  for (const piece of pieces) hmac.update(piece);
  return timingSafeEqual(mac, hmac.digest());
}
