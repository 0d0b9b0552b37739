import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** The secrets tokens are derived from: the present one and, during a rotation, the one before. */
export interface TokenSecrets {
  readonly current: string;
  readonly previous?: string | undefined;
}

/**
 * Tokens of claims are not stored but derived from the claim's id: a retried answer has the same token, and
 * the database alone is of no use to a thief.
 */
export function createClaimTokens({ current, previous }: TokenSecrets) {
  const present = keyOf(current);
  const keys = previous === undefined ? [present] : [present, keyOf(previous)];

  function tokenOf(claimId: string): string {
    return sign(present, claimId).toString('base64url');
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

/** A key of its own, so that a token says nothing about the signatures made with the secret. */
function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'mosaic-coordinator claim token', 32));
}

function sign(key: Buffer, claimId: string): Buffer {
  return createHmac('sha256', key).update(claimId).digest();
}
