import { z } from 'zod';

/** Query parameters of every list that has pages. */
export const limitSchema = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 200')
  .transform(Number)
  .pipe(z.int().max(200))
  .default(50);
export const cursorSchema = z.string().max(200).optional();
