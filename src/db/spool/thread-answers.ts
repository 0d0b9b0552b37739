import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { DatabaseSync } from 'node:sqlite';

import { failedAnswer } from '../sqlite/thread-answers.ts';
import { readOnlyUri, spooledColumns, type SpooledRow } from './columns.ts';
import type { ThreadAnswer } from '../sqlite/thread-calls.ts';
import { createWaitingRows } from './waiting-rows.ts';

interface SpoolPlace {
  readonly spool: string;
  readonly database: string;
}

export function isSpoolPlace(data: unknown): data is SpoolPlace {
  if (typeof data !== 'object' || data === null) return false;
  const hasSpool = 'spool' in data && typeof data.spool === 'string';
  return hasSpool && 'database' in data && typeof data.database === 'string';
}

export type SpoolQuestion = { readonly id: number } & (
  | { readonly kind: 'insert'; readonly rows: readonly SpooledRow[] }
  | { readonly kind: 'forget'; readonly upTo: number }
  | { readonly kind: 'holds'; readonly bodyHash: string }
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly SQLInputValue[] }
  | { readonly kind: 'probe'; readonly at: number; readonly fillerBytes: number }
  | { readonly kind: 'size' }
  | { readonly kind: 'close' }
);

/** What the spool holds, in rows (an upper bound) and bytes on disk. */
export interface SpoolSize {
  readonly rows: number;
  readonly bytes: number;
}

/** Maximum wait for somebody who has the spool open, such as a sqlite3 shell; Gitea hangs up after 5 s. */
const busyTimeoutMs = 2_000;
/** Pages of 4 KB in the log of the spool before they are copied: 8 MB, so that no commit copies much at once. */
const checkpointPages = 2_000;
/** SQLite's default. */
const pageBytes = 4_096;

const columns = spooledColumns.join(', ');
const values = spooledColumns.map((_, index) => `?${index + 1}`).join(', ');
const at = (column: (typeof spooledColumns)[number]) => `?${spooledColumns.indexOf(column) + 1}`;
/** A row that led to nothing is no obstacle: taking in replaces it. */
const isNew = `not exists (select 1 from core.deliveries where id = ${at('id')}) and
  not exists (select 1 from core.deliveries where body_hash = ${at('body_hash')} and body_hash <> ''
    and (status not in ('dead', 'rejected') or ${at('status')} <> 'waiting'))`;
const insertSql = `insert into arrivals (${columns}) select ${values}`;
const insertNewSql = `${insertSql} where ${isNew}`;

/**
 * Answers for the spool, on one connection that has the database attached read-only as `core`: readers of a
 * write-ahead log wait for nobody. The first question opens it, and the next one if that failed.
 */
export function createSpoolAnswers(place: SpoolPlace): (question: SpoolQuestion) => ThreadAnswer {
  let connection: ReturnType<typeof openSpool> | undefined;
  return (question) => {
    try {
      if (question.kind === 'close') {
        const isEmpty = connection?.close();
        connection = undefined;
        return { id: question.id, result: isEmpty };
      }
      connection ??= openSpool(place);
      return { id: question.id, result: connection.answer(question) };
    } catch (error) {
      return failedAnswer(question.id, error);
    }
  };
}

function openSpool({ spool, database }: SpoolPlace) {
  const connection = new DatabaseSync(spool, { timeout: busyTimeoutMs });
  const statements = new Map<string, StatementSync>();
  const waiting = createWaitingRows();
  try {
    connection.exec(`pragma journal_mode = wal; pragma synchronous = full;
      pragma wal_autocheckpoint = ${checkpointPages}`);
    connection.prepare('attach ? as core').run(readOnlyUri(database));
    for (const row of connection
      .prepare(`select seq, ${columns} from arrivals order by seq`)
      .iterate())
      waiting.add(
        Number(row['seq']),
        spooledColumns.map((column) => row[column] ?? null),
      );
  } catch (error) {
    connection.close();
    throw error;
  }

  function prepare(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = connection.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  function inTransaction<T>(work: () => T): T {
    if (connection.isTransaction) connection.exec('rollback');
    connection.exec('begin immediate');
    try {
      const result = work();
      connection.exec('commit');
      return result;
    } catch (error) {
      if (connection.isTransaction) connection.exec('rollback');
      throw error;
    }
  }

  /** Inserts, in one commit, the rows whose id and bytes are new; returns the positions of those. */
  function insert(rows: readonly SpooledRow[]): number[] {
    try {
      return insertWith(insertNewSql, rows);
    } catch {
      // The database cannot be read, or this fails as well: taking in finds what it has already.
      return insertWith(insertSql, rows);
    }
  }

  function insertWith(sql: string, rows: readonly SpooledRow[]): number[] {
    const added: number[] = [];
    try {
      return inTransaction(() => {
        const statement = prepare(sql);
        const positions: number[] = [];
        rows.forEach((row, position) => {
          if (!waiting.isFree(row)) return;
          const { changes, lastInsertRowid } = statement.run(...row);
          if (changes !== 1) return;
          waiting.add(Number(lastInsertRowid), row);
          added.push(Number(lastInsertRowid));
          positions.push(position);
        });
        return positions;
      });
    } catch (error) {
      for (const seq of added) waiting.remove(seq);
      throw error;
    }
  }

  /** Not flushed: a deletion that a power cut undoes is done again after the next start. */
  function forget(upTo: number): SpoolSize {
    connection.exec('pragma synchronous = normal');
    try {
      prepare('delete from arrivals where seq <= ?').run(upTo);
    } finally {
      connection.exec('pragma synchronous = full');
    }
    waiting.forget(upTo);
    return size();
  }

  /** From the ends and the pages alone. In one `select`, SQLite would read all numbers to find both ends. */
  function size(): SpoolSize {
    const ends = prepare(
      'select (select min(seq) from arrivals) as first, (select max(seq) from arrivals) as last',
    ).get();
    const rows = ends?.['last'] === null ? 0 : Number(ends?.['last']) - Number(ends?.['first']) + 1;
    const pages = prepare(
      'select page_count - freelist_count as used from pragma_page_count, pragma_freelist_count',
    ).get();
    return { rows, bytes: Number(pages?.['used']) * pageBytes };
  }

  function probe(checkedAt: number, fillerBytes: number): unknown {
    prepare('insert or replace into probes values (1, ?, randomblob(?))').run(
      checkedAt,
      fillerBytes,
    );
    return prepare('pragma synchronous').get()?.['synchronous'];
  }

  /** Returns whether nothing waits here. */
  function close(): boolean {
    statements.clear();
    try {
      connection.exec('pragma main.wal_checkpoint(truncate)');
      return connection.prepare('select 1 from arrivals').get() === undefined;
    } finally {
      connection.close();
    }
  }

  function answer(question: Exclude<SpoolQuestion, { kind: 'close' }>): unknown {
    switch (question.kind) {
      case 'insert':
        return { positions: insert(question.rows), held: size() };
      case 'forget':
        return forget(question.upTo);
      case 'holds':
        return waiting.holds(question.bodyHash);
      case 'query':
        return prepare(question.sql).all(...question.parameters);
      case 'probe':
        return probe(question.at, question.fillerBytes);
      case 'size':
        return size();
    }
  }

  return { answer, close };
}
