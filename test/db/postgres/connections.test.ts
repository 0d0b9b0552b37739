import { sql } from 'kysely';
import { expect, onTestFinished } from 'vitest';

import { openConnections, type ConnectionOptions } from '../../../src/db/postgres/connections.ts';
import { asStoreError, isBroken } from '../../../src/db/postgres/fault.ts';
import { StoreUnavailable } from '../../../src/errors.ts';
import { postgresDatabase, testOfPostgres as test } from '../../support/database.ts';

function open(url: string, more: Partial<ConnectionOptions> = {}) {
  const db = openConnections({ url, max: 1, ...more });
  onTestFinished(() => db.destroy());
  return db;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('a connection that cannot be set up is not missing for ever', async () => {
  const db = open(await postgresDatabase(), { statementTimeoutMs: -5 });
  const look = () => failure(sql`select 1`.execute(db));
  // As behind PgBouncer, which takes a connection before it has one of the server.
  expect(String(await look())).toContain('outside the valid range');
  expect(String(await look())).toContain('outside the valid range');
});

test('when all connections are in use it is not said that PostgreSQL is away', async () => {
  const db = open(await postgresDatabase());
  await db.transaction().execute(async () => {
    const error = await failure(sql`select 1`.execute(db));
    expect(error).toMatchObject({ code: 'store_unavailable', fault: { kind: 'busy' } });
    expect(String(error)).toContain('in use');
  });
});

test('a server without TLS, and a certificate that is not there, are named', async () => {
  const url = await postgresDatabase();
  const cause = async (parameters: string) =>
    String(await failure(sql`select 1`.execute(open(`${url}?${parameters}`))));
  expect(await cause('sslmode=verify-full')).toContain('does not support SSL');
  expect(await cause('sslmode=verify-full&sslrootcert=/nowhere/ca.pem')).toContain(
    '/nowhere/ca.pem',
  );
});

test('a code of the system is no SQLSTATE, as short as it may be', () => {
  const error = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  expect(isBroken(error)).toBe(true);
  expect(asStoreError(error)).toBeInstanceOf(StoreUnavailable);
  expect(asStoreError(error)).toMatchObject({ fault: { kind: 'unreachable' } });
});
