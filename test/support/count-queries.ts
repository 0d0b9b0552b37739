import { SqliteQueryCompiler, type KyselyPlugin, type QueryId } from 'kysely';

import type { Database } from '../../src/db/database.ts';

/** Notes every query that a service executes: pass `aroundDatabase` to `startService`. */
export function countQueries() {
  const compiler = new SqliteQueryCompiler();
  const compiled = new WeakMap<QueryId, string>();
  const executed: string[] = [];
  const plugin: KyselyPlugin = {
    // Called for parts of queries, too.
    transformQuery: ({ node, queryId }) => {
      compiled.set(queryId, compiler.compileQuery(node, queryId).sql.replaceAll(/\s+/g, ' '));
      return node;
    },
    transformResult: ({ result, queryId }) => {
      executed.push(compiled.get(queryId) ?? '(a query of queries)');
      return Promise.resolve(result);
    },
  };
  return {
    aroundDatabase: (db: Database) => db.withPlugin(plugin),
    /** The queries since the last call. */
    take: () => executed.splice(0),
  };
}
