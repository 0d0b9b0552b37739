import { describeError, StoreUnavailable } from '../../errors.ts';
import { openConnection } from './connection.ts';
import { readOnlyUri } from '../spool/columns.ts';
import { sqliteCode } from './store-fault.ts';
import type { ThreadAnswer } from './thread-calls.ts';

export type Statement =
  | { readonly id: number; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly id: number; readonly kind: 'close' };

interface SqlitePlace {
  readonly path: string;
  readonly spool?: string | undefined;
}

export function isSqlitePlace(data: unknown): data is SqlitePlace {
  return (
    typeof data === 'object' && data !== null && 'path' in data && typeof data.path === 'string'
  );
}

/**
 * Maximum wait of a statement for another connection's write; only this thread blocks meanwhile.
 */
const busyTimeoutMs = 2_000;

/** Runs statements on a connection of its own. The first statement opens it, and the next one if that failed. */
export function createSqliteAnswers({
  path,
  spool,
}: SqlitePlace): (statement: Statement) => ThreadAnswer {
  let connection: ReturnType<typeof open> | undefined;
  function open() {
    const opened = openConnection(path, busyTimeoutMs);
    if (spool !== undefined) opened.prepare('attach ? as spool').run([readOnlyUri(spool)]);
    return opened;
  }
  function close(): void {
    connection?.close();
    connection = undefined;
  }
  return (statement) => {
    const { id } = statement;
    try {
      if ('kind' in statement) {
        close();
        return { id, result: undefined };
      }
      connection ??= open();
      return { id, result: connection.prepare(statement.sql).all(statement.parameters) };
    } catch (error) {
      return failedAnswer(id, error);
    }
  };
}

export function failedAnswer(id: number, error: unknown): ThreadAnswer {
  const cause = error instanceof StoreUnavailable ? error.cause : error;
  return { id, failure: describeError(cause), errcode: sqliteCode(cause) };
}
