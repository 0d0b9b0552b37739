import { describeError } from '../errors.ts';
import { openConnection } from './node-sqlite.ts';

export interface Statement {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly rows: unknown[] }
  | { readonly id: number; readonly failure: string };

/**
 * Longest a statement waits for another connection's write, in milliseconds: Gitea hangs up after 5 s.
 * Nothing but this thread stands still meanwhile.
 */
const busyTimeoutMs = 2_000;

/** Answers statements on a connection of its own; opened with the first one, and again if that failed. */
export function createSqliteAnswers(path: string): (statement: Statement) => Answer {
  let connection: ReturnType<typeof openConnection> | undefined;
  return ({ id, sql, parameters }) => {
    try {
      connection ??= openConnection(path, busyTimeoutMs);
      return { id, rows: connection.prepare(sql).all(parameters) };
    } catch (error) {
      return { id, failure: describeError(error) };
    }
  };
}
