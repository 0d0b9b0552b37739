import type { StoreFault } from '../errors.ts';
import type { Database } from './database.ts';
import type { StoreCheck } from './health.ts';
import type { PoolState } from './postgres/connections.ts';
import type { WriteQueue } from './write-queue.ts';

/**
 * What replicas tell each other: deliveries came, something may be handed out, something is to be published, what
 * pages show may have changed.
 */
export const topics = ['deliveries', 'work', 'publish', 'pages'] as const;
export type Topic = (typeof topics)[number];

/** An issue, as the lock of it is named. */
export interface HeldIssue {
  readonly repositoryId: number;
  readonly number: number;
}

/** One coordinator among those on the same database; with SQLite there is only one. */
export interface Replica {
  /** Names this run of this replica to the others, a word of letters and digits; empty with SQLite. */
  readonly id: string;
  /**
   * Takes the first of these issues that no replica handles, and returns it; undefined: all are handled elsewhere.
   * Read what waits for it only after that. An issue that this replica holds must not be asked for again. Rejects
   * with `StoreUnavailable`. A lost connection loses what is held: the commit must look whether its rows still wait.
   */
  readonly hold: <T extends HeldIssue>(issues: readonly T[]) => Promise<T | undefined>;
  readonly release: (issue: HeldIssue) => void;
  /** Those of the issues that another replica handles now. */
  readonly heldElsewhere: <T extends HeldIssue>(issues: readonly T[]) => Promise<readonly T[]>;
  /**
   * Whether this replica does what only one may do (the list: docs/replicas.md, "What the leader does"). It stops
   * being true before another replica can become the leader, also when this process stood still.
   */
  readonly isLeader: () => boolean;
  /** `listener` is called whenever this replica has become the leader. */
  readonly onLeader: (listener: () => void) => void;
  /** Those of the ids whose replicas are gone. */
  readonly gone: (ids: readonly string[]) => Promise<readonly string[]>;
  /** Tells the other replicas. A hint, which may be lost: everybody polls as well. */
  readonly notify: (topic: Topic) => void;
  /** `listener` is called when another replica told something. */
  readonly onNotify: (listener: (topic: Topic) => void) => void;
}

/** Number of writes that the store refused since the start, and when the last one was (epoch milliseconds). */
export interface Refusals {
  readonly refusedWrites: number;
  readonly lastRefusedAt: number | undefined;
}

/**
 * All that differs between the two databases: SQLite, one file and one process; PostgreSQL, any number of replicas.
 * The schema and the queries are the same.
 */
export interface Engine {
  readonly db: Database;
  /**
   * `transaction` is one decision at a time: `begin immediate`, or one advisory lock over all replicas. `run` is for
   * single statements: with SQLite they run alone as well, on PostgreSQL others may write meanwhile.
   */
  readonly writes: WriteQueue;
  readonly replica: Replica;
  /** Epoch milliseconds by the clock that all replicas share: of this machine with SQLite, of the server with PostgreSQL. */
  readonly now: () => number;
  /** Makes the database usable: locked or connected, of this version. Throws `CoordinatorError`. */
  readonly open: () => Promise<void>;
  /** Tries whether something can be stored; never rejects. */
  readonly check: StoreCheck;
  /** Why nothing can be stored, as far as the latest writes tell; undefined: it can. */
  readonly fault: () => StoreFault | undefined;
  readonly refusals: () => Refusals;
  /** Bytes of the database, by part. */
  readonly sizes: () => Promise<Readonly<Record<string, number>>>;
  /** Connections by state; undefined: there is no pool of them. */
  readonly connections?: () => PoolState;
  /** Runs a statement where the spool is attached; undefined: deliveries come straight into the inbox. */
  readonly spooled?: (sql: string, parameters: readonly unknown[]) => Promise<unknown[]>;
  /** Looks whether the files are there, and tidies them when nothing is written; undefined: there are none. */
  readonly look?: () => void;
  readonly tidy?: () => Promise<void>;
  /** Ends what writes, once everything is stored. */
  readonly finish: () => Promise<void>;
  readonly close: () => Promise<void>;
}
