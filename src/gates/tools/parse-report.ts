import type { z } from 'zod';

/** A tool's JSON report in the shape it must have; undefined for anything else. */
export function parseReport<T>(text: string, schema: z.ZodType<T>): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return schema.safeParse(value).data;
}
