import { gatesFileJsonSchema } from '../../gates/gates-file/json-schema.ts';
import type { Io } from '../io.ts';
import { printJson } from '../output.ts';

/** Prints the JSON Schema of the gates file; resolves to the exit code. */
export function printSchema(io: Io): number {
  printJson(io, gatesFileJsonSchema());
  return 0;
}
