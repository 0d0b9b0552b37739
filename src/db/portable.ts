import {
  ExpressionWrapper,
  FunctionNode,
  OperatorNode,
  PostgresAdapter,
  PostgresQueryCompiler,
  PrimitiveValueListNode,
  sql,
  ValueListNode,
  ValueNode,
  type BinaryOperationNode,
  type Expression,
  type Kysely,
} from 'kysely';

/*
 * What SQLite and PostgreSQL call differently. The queries have SQLite's name of a function, in a node of its own,
 * and the compiler of PostgreSQL writes it as that database has it. All other SQL is the same for both.
 */

/** True on PostgreSQL. */
export function isPostgres<T>(db: Kysely<T>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
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

/** Names that differ and nothing else. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['instr', 'strpos'],
  ['min', 'least'],
  ['max', 'greatest'],
]);

/** Writes the functions above, numbers, and `in` with an empty list, as PostgreSQL has them. */
export class PostgresCompiler extends PostgresQueryCompiler {
  /** PostgreSQL guesses the type of a number from what stands beside it: `? % 1000` would have 32 bits. */
  protected override appendValue(value: unknown): void {
    super.appendValue(value);
    if (typeof value === 'number')
      this.append(Number.isInteger(value) ? '::bigint' : '::double precision');
  }

  protected override visitBinaryOperation(node: BinaryOperationNode): void {
    const { operator, rightOperand: list } = node;
    const isList = ValueListNode.is(list) || PrimitiveValueListNode.is(list);
    if (isList && list.values.length === 0 && OperatorNode.is(operator))
      this.append(operator.operator === 'not in' ? 'true' : 'false');
    else super.visitBinaryOperation(node);
  }

  protected override visitFunction(node: FunctionNode): void {
    const [column, path, number] = node.arguments;
    const names = path !== undefined && ValueNode.is(path) ? String(path.value).slice(2) : '';
    const parts = `'{${names.replaceAll('.', ',')}}'`;
    if (node.func === 'json_extract' && column !== undefined)
      this.write('(cast(', column, ` as json) #>> ${parts})`);
    else if (node.func === 'json_set' && column !== undefined && number !== undefined)
      this.write(
        'cast(jsonb_set(cast(',
        column,
        ` as jsonb), ${parts}, to_jsonb(`,
        number,
        ')) as text)',
      );
    else if (node.func === 'json_each' && column !== undefined)
      this.write(
        'json_array_elements(cast(',
        column,
        names === '' ? ' as json))' : ` as json) #> ${parts})`,
      );
    else super.visitFunction({ ...node, func: renamed.get(node.func) ?? node.func });
  }

  private write(...parts: readonly (string | FunctionNode['arguments'][number])[]): void {
    for (const part of parts)
      if (typeof part === 'string') this.append(part);
      else this.visitNode(part);
  }
}
