import { createHash, randomBytes } from 'node:crypto';

import type { Caller } from '../../api/roles.ts';
import type { Database } from '../../db/database.ts';
import type { WriteQueue } from '../../db/write-queue.ts';
import type { Member, Members } from './members.ts';

/** A session ends by itself after this time. */
export const sessionMs = 12 * 3_600_000;
/** Sessions of one caller; the oldest end when there are more. */
const maxSessions = 20;

interface SessionDeps {
  readonly db: Database;
  readonly writes: WriteQueue;
  readonly now: () => number;
  readonly members: Pick<Members, 'byProof'>;
}

export type Sessions = ReturnType<typeof createSessions>;

/**
 * The sessions of people who look at the pages. The database has only a hash of what the cookie holds, so that a copy
 * of it opens nothing. All replicas share them.
 */
export function createSessions({ db, writes, now, members }: SessionDeps) {
  /** Begins a session, and returns what the cookie is to hold: always something new, so that nobody can plant one. */
  async function begin({ caller, proof }: Member): Promise<string> {
    const id = randomBytes(32).toString('base64url');
    const beganAt = now();
    await writes.transaction(async (transaction) => {
      await transaction.deleteFrom('sessions').where('expires_at', '<=', beganAt).execute();
      await transaction
        .insertInto('sessions')
        .values({
          ...{ id_hash: hashOf(id), caller: caller.name, proof },
          ...{ began_at: beganAt, expires_at: beganAt + sessionMs },
        })
        .execute();
      const older = transaction
        .selectFrom('sessions')
        .select('id_hash')
        .where('caller', '=', caller.name)
        .orderBy('began_at', 'desc')
        .orderBy('id_hash')
        .limit(1_000)
        .offset(maxSessions);
      const hashes = (await older.execute()).map(({ id_hash }) => id_hash);
      if (hashes.length > 0)
        await transaction.deleteFrom('sessions').where('id_hash', 'in', hashes).execute();
    });
    return id;
  }

  /** Whose session it is; undefined when it has ended, or what it rested on has changed. */
  async function find(id: string | undefined): Promise<Caller | undefined> {
    if (id === undefined) return undefined;
    const row = await db
      .selectFrom('sessions')
      .select(['caller', 'proof', 'expires_at'])
      .where('id_hash', '=', hashOf(id))
      .executeTakeFirst();
    if (row === undefined || row.expires_at <= now()) return undefined;
    return members.byProof(row.caller, row.proof);
  }

  async function end(id: string | undefined): Promise<void> {
    if (id === undefined) return;
    await writes.run(() => db.deleteFrom('sessions').where('id_hash', '=', hashOf(id)).execute());
  }

  return { begin, find, end };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
