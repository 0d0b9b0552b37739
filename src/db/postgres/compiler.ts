import {
  OperatorNode,
  PostgresQueryCompiler,
  PrimitiveValueListNode,
  ValueListNode,
  ValueNode,
  type BinaryOperationNode,
  type FunctionNode,
} from 'kysely';

/** Names that differ and nothing else. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['instr', 'strpos'],
  ['min', 'least'],
  ['max', 'greatest'],
]);

/** Writes the functions of `portable.ts`, numbers, and `in` with an empty list, as PostgreSQL has them. */
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
