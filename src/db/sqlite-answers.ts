import { describeError, StoreUnavailable } from '../errors.ts';
import { openConnection } from './node-sqlite.ts';
import { sqliteCode } from './store-fault.ts';

export interface Statement {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly rows: unknown[] }
  /** `errcode`: SQLite's, when the failure is one of SQLite. */
  | { readonly id: number; readonly failure: string; readonly errcode: number | undefined };

/**
 * Maximum wait of a statement for another connection's write; Gitea hangs up after 5 s. Only this thread
 * blocks meanwhile.
 */
const busyTimeoutMs = 2_000;

/** Runs statements on a connection of its own. The first statement opens it, and the next one if that failed. */
export function createSqliteAnswers(path: string): (statement: Statement) => Answer {
  let connection: ReturnType<typeof openConnection> | undefined;
  return ({ id, sql, parameters }) => {
    try {
      connection ??= openConnection(path, busyTimeoutMs);
      return { id, rows: connection.prepare(sql).all(parameters) };
    } catch (error) {
      const cause = error instanceof StoreUnavailable ? error.cause : error;
      return { id, failure: describeError(cause), errcode: sqliteCode(cause) };
    }
  };
}
