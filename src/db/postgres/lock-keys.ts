import { createHash } from 'node:crypto';

import type { HeldIssue } from '../engine.ts';

/**
 * The key of an advisory lock: 64 bits of a hash of its name, as PostgreSQL writes a bigint. Advisory locks are those
 * of a database, so two installations need two databases. Names whose keys are equal would wait for each other, and
 * nothing worse.
 */
function keyOf(name: string): string {
  return createHash('sha256')
    .update(`mosaic-coordinator ${name}`)
    .digest()
    .readBigInt64BE()
    .toString();
}

/** Held in a transaction: one decision at a time, over all replicas. */
export const decisionKey = keyOf('decision');
/** Held by the session of the leader (its duties: docs/replicas.md), and while a store is copied. */
export const leaderKey = keyOf('leader');

/** Held by the session of the replica that handles the issue. */
export function issueKey({ repositoryId, number }: HeldIssue): string {
  return keyOf(`issue ${repositoryId}#${number}`);
}

/** Held by the session of a replica as long as it lives. */
export function replicaKey(id: string): string {
  return keyOf(`replica ${id}`);
}
