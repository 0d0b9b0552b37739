import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Secrets that tokens are derived from: the current one and, during a rotation, the previous one. */
export interface TokenSecrets {
  readonly current: string;
  readonly previous?: string | undefined;
}

export type ClaimTokens = ReturnType<typeof createClaimTokens>;

/**
 * Tokens of claims are not stored but derived from the claim's id: a retried answer has the same token, and
 * the database alone is of no use to a thief.
 */
export function createClaimTokens({ current, previous }: TokenSecrets) {
  const currentKey = keyOf(current);
  const keys = previous === undefined ? [currentKey] : [currentKey, keyOf(previous)];

  function tokenOf(claimId: string): string {
    return sign(currentKey, claimId).toString('base64url');
  }

  /** Compares in constant time with every key. */
  function isTokenOf(claimId: string, token: string | undefined): boolean {
    const given = Buffer.from(token ?? '', 'base64url');
    const matches = keys.filter((key) => {
      const expected = sign(key, claimId);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
    return matches.length > 0;
  }

  return { tokenOf, isTokenOf };
}

/** Derives a separate key, so that a token reveals nothing about the signatures made with the secret. */
function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'mosaic-coordinator claim token', 32));
}

function sign(key: Buffer, claimId: string): Buffer {
  return createHmac('sha256', key).update(claimId).digest();
}
