import { z } from 'zod';

import { ConfigError } from '../errors.ts';

const limitMessage = '--limit must be a whole number from 1 to 10000';
/** How much a list shows at once. */
const limitSchema = z.coerce
  .number(limitMessage)
  .int(limitMessage)
  .min(1, limitMessage)
  .max(10_000, limitMessage);

/** What every command that shows a list takes. */
export const listOptionsSchema = z.object({
  limit: limitSchema,
  json: z.boolean().default(false),
});

/** Checks what was given on the command line; throws one `ConfigError` that names what is wrong. */
export function parseOptions<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError('usage', z.prettifyError(parsed.error));
}
