import { z } from 'zod';

const namesSchema = z.array(z.string());

/** The names in a column such as `labels`, which holds them as JSON. */
export function parseNames(json: string): string[] {
  return namesSchema.parse(JSON.parse(json));
}
