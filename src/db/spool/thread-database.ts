import {
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely';

import type { Database } from '../database.ts';
import type { Schema } from '../schema.ts';

type RunQuery = <R>(sql: string, parameters: readonly unknown[]) => Promise<R[]>;

/** Queries that another thread runs. They only read: there are no transactions. */
export function threadDatabase(run: RunQuery): Database {
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driverOf(run),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

function driverOf(run: RunQuery): Driver {
  const connection: DatabaseConnection = {
    executeQuery: async <R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> => ({
      rows: await run<R>(sql, parameters),
    }),
    streamQuery: () => {
      throw new TypeError('A thread does not stream.');
    },
  };
  const readsOnly = () => Promise.reject(new TypeError('This database can only be read.'));
  return {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: readsOnly,
    commitTransaction: readsOnly,
    rollbackTransaction: readsOnly,
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
}
