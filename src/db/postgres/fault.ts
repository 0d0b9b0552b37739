import { DatabaseError } from 'pg';

import { StoreUnavailable, type StoreFault } from '../../errors.ts';
import { oneLine } from '../../lib/text.ts';

/** Faults by SQLSTATE, or by its class (two characters). Every other code is a fault of the statement. */
const faults: ReadonlyMap<string, StoreFault> = new Map([
  ...faultsOf(unreachable, {
    '08': 'The connection to PostgreSQL was lost.',
    '57P01': 'PostgreSQL ended the connection.',
    '57P02': 'PostgreSQL ended the connection, because it crashed.',
    '57P03': 'PostgreSQL is starting, stopping or recovering.',
    '57P05': 'PostgreSQL ended the connection, because this process stood still.',
    '25P03': 'PostgreSQL ended a transaction, because this process stood still.',
  }),
  ...faultsOf(busy, {
    '53': 'PostgreSQL is short of memory or of another resource.',
    '55P03': 'Other decisions hold up the database.',
    '57014': 'PostgreSQL did not finish a statement in time.',
  }),
  [
    '28',
    {
      kind: 'cannot_open',
      cause: 'PostgreSQL refuses the user of DATABASE_URL.',
      cure: 'Correct its name and password, or pg_hba.conf.',
    },
  ],
  [
    '3D000',
    {
      kind: 'cannot_open',
      cause: 'The database that DATABASE_URL names does not exist.',
      cure: 'Create it, or correct DATABASE_URL.',
    },
  ],
  [
    '42501',
    {
      kind: 'cannot_open',
      cause: 'The user of DATABASE_URL may not do this in its database.',
      cure: 'Make it the owner of the database.',
    },
  ],
  [
    '53300',
    {
      kind: 'busy',
      cause: 'PostgreSQL has no connection left.',
      cure: 'Raise max_connections, or run fewer replicas.',
    },
  ],
  [
    '53100',
    {
      kind: 'full',
      cause: 'The disk of PostgreSQL is full.',
      cure: 'Free some space there; the service goes on by itself.',
    },
  ],
  [
    '25006',
    {
      kind: 'read_only',
      cause: 'PostgreSQL takes no writes: it is a standby, or read-only.',
      cure: 'Let DATABASE_URL name the primary server, or an address that follows it.',
    },
  ],
  ['58', { ...damaged(), kind: 'disk', cause: 'The disk of PostgreSQL fails.' }],
  ['XX001', damaged()],
  ['XX002', damaged()],
]);

/** Faults that differ in their cause alone, by their codes. */
function faultsOf(
  make: (cause: string) => StoreFault,
  causes: Readonly<Record<string, string>>,
): (readonly [string, StoreFault])[] {
  return Object.entries(causes).map(([code, cause]) => [code, make(cause)]);
}

function unreachable(cause: string): StoreFault {
  return {
    kind: 'unreachable',
    cause,
    cure: 'Look whether PostgreSQL runs and can be reached; the service goes on by itself.',
  };
}

function busy(cause: string): StoreFault {
  return { kind: 'busy', cause, cure: 'Look at the load of its machine and at pg_stat_activity.' };
}

function damaged(): StoreFault {
  return {
    kind: 'damaged',
    cause: 'The database is damaged.',
    cure: 'Read the log of PostgreSQL, check its disk, and restore a backup.',
  };
}

const migrated = busy('A newer replica changed the schema: the statement is prepared anew.');

/** The fault of a server that does not answer. */
export const noConnection = unreachable('PostgreSQL cannot be reached.');
/** What pg-pool says when nobody gave a connection back in time. */
const noneFree = 'timeout exceeded when trying to connect';

/** The SQLSTATE of an error, or of the error that it wraps. */
export function sqlState(error: unknown): string | undefined {
  // A code of the system, such as EPIPE, has the form of a SQLSTATE as well.
  if (error instanceof DatabaseError) return error.code;
  return error instanceof StoreUnavailable ? sqlState(error.cause) : undefined;
}

/** Deadlock, or a conflict of transactions or with a migration: PostgreSQL rolled it back, and it may be repeated at once. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(sqlState(error) ?? '') || hasOldPlan(error);
}

/**
 * A newer replica has added a column to a table of which a prepared statement reads all columns. There is no code for
 * this alone, but PostgreSQL says where it comes from.
 */
export function hasOldPlan(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return hasOldPlan(error.cause);
  return error instanceof Error && 'routine' in error && error.routine === 'RevalidateCachedQuery';
}

/** An error of `pg` as `StoreUnavailable` where the store is at fault, else the error itself. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return error;
  // A mistake of ours: no connection fails like this.
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const state = sqlState(error);
  if (hasOldPlan(error)) return new StoreUnavailable(migrated, { cause: error });
  const fault =
    state === undefined ? cutOff(error) : (faults.get(state) ?? faults.get(state.slice(0, 2)));
  return fault === undefined ? error : new StoreUnavailable(fault, { cause: error });
}

/** Why the server does not answer: a wrong name or certificate of it is for a person to correct. */
function cutOff(error: unknown): StoreFault {
  if (!(error instanceof Error)) return noConnection;
  if (error.message === noneFree)
    return busy('All connections of this replica to PostgreSQL are in use.');
  const code = 'code' in error ? String(error.code) : error.name;
  return unreachable(`PostgreSQL cannot be reached (${oneLine(error.message || code, 200)}).`);
}

/** True when the connection itself is gone or must not be used any more. */
export function isBroken(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return !(error instanceof TypeError || error instanceof RangeError);
  return state.startsWith('08') || state.startsWith('57P') || state === '25P03';
}
