import { sql } from 'kysely';
import { z } from 'zod';

import { StoreUnavailable, type StoreFault } from '../../errors.ts';
import { executedMigrations, versionOf } from '../migrations.ts';
import { openConnections } from './connections.ts';
import { noConnection } from './fault.ts';

/** Oldest supported major version of PostgreSQL: it has `idle_session_timeout`. */
const oldestVersion = 14;

const serverSchema = z.tuple([
  z.object({
    version: z.string(),
    number: z.coerce.number(),
    encoding: z.string(),
    synchronous: z.string(),
    fsync: z.string(),
  }),
]);

/** The state of a database of a PostgreSQL server; `kind` as for a file of SQLite, see `DatabaseFacts`. */
export type ServerFacts =
  | { readonly kind: 'unusable'; readonly fault: StoreFault }
  | {
      readonly kind: 'new' | 'current' | 'earlier' | 'later' | 'development';
      /** Such as 18.4. */
      readonly version: string;
      /** Settings of the server by which a commit reaches its disk. */
      readonly synchronous: string;
      readonly fsync: string;
    };

/** Examines a database beside services that may use it. Changes nothing. */
export async function examineServer(url: string): Promise<ServerFacts> {
  const db = openConnections({ url, max: 1 });
  try {
    const { rows } = await sql`select current_setting('server_version') as version,
      current_setting('server_version_num') as number,
      current_setting('server_encoding') as encoding,
      current_setting('synchronous_commit') as synchronous,
      current_setting('fsync') as fsync`.execute(db);
    const { number, encoding, ...facts } = serverSchema.parse(rows)[0];
    if (number < oldestVersion * 10_000)
      return unusable(
        `PostgreSQL ${facts.version} is too old.`,
        `Use version ${oldestVersion} or newer.`,
      );
    if (encoding !== 'UTF8')
      return unusable(
        `The database has the encoding ${encoding}.`,
        'Create one with the encoding UTF8, and let DATABASE_URL name it.',
      );
    const executed = await executedMigrations(db);
    return { kind: executed.length === 0 ? 'new' : versionOf(executed), ...facts };
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return { kind: 'unusable', fault: error.fault ?? noConnection };
  } finally {
    await db.destroy();
  }
}

function unusable(cause: string, cure: string): ServerFacts {
  return { kind: 'unusable', fault: { kind: 'cannot_open', cause, cure } };
}
