import { sql } from 'kysely';
import { z } from 'zod';

import { StoreUnavailable, type StoreFault } from '../../errors.ts';
import { executedMigrations, isDevelopmentVersion, migrations } from '../migrations.ts';
import { openConnections } from './connections.ts';
import { noConnection } from './fault.ts';

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
  | { readonly kind: 'down'; readonly fault: StoreFault }
  | {
      readonly kind: 'new' | 'current' | 'earlier' | 'later' | 'development';
      /** Such as 18.4, and the same as a number: 180004. */
      readonly version: string;
      readonly number: number;
      readonly encoding: string;
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
    return { kind: kindOf(await executedMigrations(db)), ...serverSchema.parse(rows)[0] };
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return { kind: 'down', fault: error.fault ?? noConnection };
  } finally {
    await db.destroy();
  }
}

function kindOf(
  executed: readonly string[],
): 'new' | 'current' | 'earlier' | 'later' | 'development' {
  if (executed.length === 0) return 'new';
  if (isDevelopmentVersion(executed)) return 'development';
  const known = Object.keys(migrations);
  if (executed.some((name) => !known.includes(name))) return 'later';
  return executed.length === known.length ? 'current' : 'earlier';
}
