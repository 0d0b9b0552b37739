import { StoreUnavailable, type StoreFault } from '../../errors.ts';

/** Faults by SQLSTATE, or by its class (two characters). Every other code is a fault of the statement. */
const faults: ReadonlyMap<string, StoreFault> = new Map([
  ['08', unreachable('The connection to PostgreSQL was lost.')],
  ['57P01', unreachable('PostgreSQL ended the connection.')],
  ['57P02', unreachable('PostgreSQL ended the connection, because it crashed.')],
  ['57P03', unreachable('PostgreSQL is starting, stopping or recovering.')],
  ['57P05', unreachable('PostgreSQL ended the connection, because this process stood still.')],
  ['25P03', unreachable('PostgreSQL ended a transaction, because this process stood still.')],
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
  ['53', busy('PostgreSQL is short of memory or of another resource.')],
  ['55P03', busy('Other decisions hold up the database.')],
  ['57014', busy('PostgreSQL did not finish a statement in time.')],
  [
    '25006',
    {
      kind: 'read_only',
      cause: 'PostgreSQL takes no writes: it is a standby, or read-only.',
      cure: 'Let DATABASE_URL name the primary server (target_session_attrs, or the address of the cluster).',
    },
  ],
  ['58', { ...damaged(), kind: 'disk', cause: 'The disk of PostgreSQL fails.' }],
  ['XX001', damaged()],
  ['XX002', damaged()],
]);

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

/** The fault of a server that does not answer. */
export const noConnection = unreachable('PostgreSQL cannot be reached.');

/** The SQLSTATE of an error, or of the error that it wraps. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code))
    return error.code;
  return error instanceof StoreUnavailable ? sqlState(error.cause) : undefined;
}

/** Deadlock, or a conflict of transactions: PostgreSQL rolled one back, and it may be repeated at once. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(sqlState(error) ?? '');
}

/** An error of `pg` as `StoreUnavailable` where the store is at fault, else the error itself. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return error;
  // A mistake of ours: no connection fails like this.
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const state = sqlState(error);
  const fault =
    state === undefined ? noConnection : (faults.get(state) ?? faults.get(state.slice(0, 2)));
  return fault === undefined ? error : new StoreUnavailable(fault, { cause: error });
}

/** True when the connection itself is gone or must not be used any more. */
export function isBroken(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return !(error instanceof TypeError || error instanceof RangeError);
  return state.startsWith('08') || state.startsWith('57P') || state === '25P03';
}
