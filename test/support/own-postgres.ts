import { onTestFinished } from 'vitest';

import { postgresHome, startPostgres, type PostgresServer } from './postgres.ts';

/** A server of the test's own, which it may stop; it is gone when the test is over. */
export async function ownPostgres(settings?: readonly string[]): Promise<PostgresServer> {
  const home = postgresHome();
  if (home === undefined) throw new Error('There is no PostgreSQL for this platform.');
  const server = await startPostgres(home, settings);
  onTestFinished(() => server.stop());
  return server;
}
