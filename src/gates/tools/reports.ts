import path from 'node:path';

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

/** A file as findings name it: relative to the directory under check, with `/`; absolute when outside. */
export function relativeFile(directory: string, file: string): string {
  const relative = path.relative(directory, path.resolve(directory, file));
  const inside = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative);
  return (inside ? relative : path.resolve(directory, file)).replaceAll(path.sep, '/');
}
