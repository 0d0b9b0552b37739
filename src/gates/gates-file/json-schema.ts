import { z } from 'zod';

import { gatesFilePath, gatesFileSchema } from './schema.ts';

/**
 * The JSON Schema of the gates file, for editors. It cannot say all that reading the file checks, such as that a gate
 * has one report alone.
 */
export function gatesFileJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(gatesFileSchema, { io: 'input' });
  return {
    $schema,
    $id: 'urn:mosaic-coordinator:gates-file',
    title: gatesFilePath,
    description: 'How this project is installed, built and checked by mosaic-coordinator gates.',
    ...schema,
  };
}
