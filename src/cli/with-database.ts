import { openExisting, type Database } from '../db/database.ts';

/** Opens the database beside a service that may be running, and always closes it. */
export async function withDatabase(
  path: string,
  use: (db: Database) => Promise<void>,
): Promise<void> {
  const db = await openExisting(path);
  try {
    await use(db);
  } finally {
    await db.destroy();
  }
}
