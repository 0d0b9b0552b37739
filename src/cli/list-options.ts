import { z } from 'zod';

import { ConfigError } from '../errors.ts';

const limitMessage = '--limit must be a whole number from 1 to 10000';
/** Maximum number of items in a list. */
const limitSchema = z.coerce
  .number(limitMessage)
  .int(limitMessage)
  .min(1, limitMessage)
  .max(10_000, limitMessage);

/** Options of every command that shows a list. */
export const listOptionsSchema = z.object({
  limit: limitSchema,
  json: z.boolean().default(false),
});

/** Checks the options of a command; throws one `ConfigError` that names all problems. */
export function parseOptions<T>(schema: z.ZodType<T>, rawOptions: unknown): T {
  const parsed = schema.safeParse(rawOptions);
  if (parsed.success) return parsed.data;
  throw new ConfigError('usage', z.prettifyError(parsed.error));
}
