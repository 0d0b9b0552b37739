import {
  ExpressionWrapper,
  FunctionNode,
  PostgresAdapter,
  sql,
  ValueNode,
  type Expression,
  type Kysely,
  type RawBuilder,
} from 'kysely';

/*
 * What SQLite and PostgreSQL call differently. The queries have SQLite's name of a function, in a node of its own,
 * and the compiler of PostgreSQL (postgres/compiler.ts) writes it as that database has it. All other SQL is the same for both.
 */

/** True on PostgreSQL. */
export function isPostgres<T>(db: Kysely<T>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/**
 * `cross join` in the written order: for each row so far those of a table for which `on` holds. SQLite keeps the order.
 * PostgreSQL would choose one, and without statistics it reads a whole index at each step of a walk: 70 ms where 1 is
 * enough. A lateral subquery with an `offset` leaves it no choice.
 */
export function crossJoin<T>(
  db: Kysely<T>,
  table: string,
  on: RawBuilder<unknown>,
  alias = table,
): RawBuilder<unknown> {
  const named = sql`${sql.table(table)} as ${sql.table(alias)}`;
  return isPostgres(db)
    ? sql`cross join lateral (select * from ${named} where ${on} offset 0) as ${sql.table(alias)}`
    : sql`cross join ${named} on ${on}`;
}

/** A part of a call: SQL, or a value that becomes a parameter. */
type Part = Expression<unknown> | string | number;

function call<T>(name: string, ...parts: readonly Part[]): Expression<T> {
  const nodes = parts.map((part) =>
    typeof part === 'object' ? part.toOperationNode() : ValueNode.create(part),
  );
  return new ExpressionWrapper<object, never, T>(FunctionNode.create(name, nodes));
}

/** The items of a JSON array, for `from`, in the column `value`. They are arrays: `value ->> 0` is the first text. */
export function rowsOf(json: string): Expression<{ value: string }> {
  return call('json_each', json);
}

/** Texts of any number in one parameter, for `in`. */
export function textsOf(texts: readonly string[]): Expression<string> {
  const rows = rowsOf(JSON.stringify(texts.map((text) => [text])));
  return sql<string>`(select value ->> 0 from ${rows})`;
}

/**
 * The items of an array of objects in a column with JSON, by its names from the outside in: `value ->> 'name'` is a
 * field, which has to be cast if it is a number.
 */
export function itemsOf(
  column: string,
  ...names: readonly string[]
): Expression<{ value: string }> {
  const path = ['$', ...names].join('.');
  return call('json_each', sql.ref(column), new ExpressionWrapper(ValueNode.createImmediate(path)));
}

/**
 * A field of a column with JSON, by its names from the outside in; null when it is missing. A number or a boolean has
 * to be cast: PostgreSQL gives texts.
 */
export function jsonField<T = string | null>(
  column: string,
  ...names: readonly string[]
): Expression<T> {
  const path = new ExpressionWrapper(ValueNode.createImmediate(`$.${names.join('.')}`));
  return call('json_extract', sql.ref(column), path);
}

/** A column with JSON, with a number in it set; the path as for `jsonField`. */
export function withNumber(
  column: string,
  names: readonly string[],
  number: Expression<number>,
): Expression<string> {
  const path = new ExpressionWrapper(ValueNode.createImmediate(`$.${names.join('.')}`));
  return call('json_set', sql.ref(column), path, number);
}

/** Place of a part in a text, from 1; 0 when it is not there. */
export function placeOf(text: Expression<unknown>, part: Part): Expression<number> {
  return call('instr', text, part);
}

/** The smaller one of two that are not null. */
export function least(one: Part, other: Part): Expression<number> {
  return call('min', one, other);
}

/** The greater one of two that are not null. */
export function greatest(one: Part, other: Part): Expression<number> {
  return call('max', one, other);
}
