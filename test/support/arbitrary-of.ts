import fc from 'fast-check';
import { z } from 'zod';

/** Any value that a schema of plain data takes; `text` stands for its strings. */
export function arbitraryOf(schema: unknown, text: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const of = (inner: unknown) => arbitraryOf(inner, text);
  if (schema instanceof z.ZodString) return text;
  if (schema instanceof z.ZodNumber) return fc.integer({ min: 0, max: 2_000_000 });
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNull) return fc.constant(null);
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodNullable) return fc.option(of(schema.unwrap()));
  if (schema instanceof z.ZodDefault) return of(schema.unwrap());
  if (schema instanceof z.ZodReadonly) return of(schema.unwrap());
  if (schema instanceof z.ZodArray) return fc.array(of(schema.element), { maxLength: 6 });
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map(of));
  if (schema instanceof z.ZodObject) {
    const fields: [string, unknown][] = Object.entries(schema.shape);
    return fc.record(Object.fromEntries(fields.map(([name, inner]) => [name, of(inner)])));
  }
  throw new TypeError('arbitraryOf does not know this kind of schema');
}
