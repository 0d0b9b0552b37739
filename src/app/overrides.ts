import type { Database } from '../db/database.ts';
import type { StatFs } from '../db/sqlite/file-system.ts';
import type { SqliteThread } from '../db/sqlite/thread.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import type { Gitea } from '../gitea/client.ts';
import type { HandlingDeps } from '../handling/handle-issue.ts';
import type { InsertDeliveries } from '../inbox/insert-deliveries.ts';
import type { SignInOnce } from '../web/session/members.ts';

/** Replacements that tests and the demo pass in for the real parts. */
export interface Overrides {
  readonly now?: () => number;
  /** Monotonic time in milliseconds; by default that of the process, or `now` where a test passes that alone. */
  readonly monotonic?: () => number;
  /** Monotonic time that goes on while the process stands still; where a test passes `now`, it does so only when told. */
  readonly processTime?: () => number;
  readonly random?: () => number;
  /** Clock of the sessions of people, in epoch milliseconds; by default `now`, which may go faster than people do. */
  readonly sessionTime?: () => number;
  /** A link that signs in once: of the demo alone. */
  readonly signInOnce?: SignInOnce;
  /** Wraps the reading of an issue's text. */
  readonly aroundRead?: (read: HandlingDeps['read']) => HandlingDeps['read'];
  /** Wraps the connection for everything but taking in deliveries. */
  readonly aroundDatabase?: (db: Database) => Database;
  /** Wraps the storing of deliveries. */
  readonly aroundInsert?: (insert: InsertDeliveries) => InsertDeliveries;
  /** Wraps the statements that move deliveries from the spool into the inbox. */
  readonly aroundTakeIn?: (run: SqliteThread['all']) => SqliteThread['all'];
  /** Wraps the client that every part of the service calls Gitea with. */
  readonly aroundGitea?: (gitea: Gitea) => Gitea;
  /** Wraps the write queue. */
  readonly aroundWrites?: (writes: WriteQueue) => WriteQueue;
  /** Says on which file system the database is. */
  readonly statFs?: StatFs;
  /** Runs a reconcile pass only when `reconcile` is called. */
  readonly reconcileByHand?: boolean;
  /** Logs what would be written to Gitea, and writes nothing. */
  readonly dryRun?: boolean;
}
