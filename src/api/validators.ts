import type { FastifySchemaCompiler } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type { z } from 'zod';

import { heartbeatBody, statusLineBody } from '../claims/usage.ts';

/** Bodies that their readers refuse, with codes of their own. */
const readLater: readonly z.ZodType[] = [heartbeatBody, statusLineBody];

/** Validates each part of a request by its schema, but headers, and what is read later. */
export const partValidator: FastifySchemaCompiler<z.ZodType> = (part) =>
  part.httpPart === 'headers' || readLater.includes(part.schema)
    ? (value: unknown) => ({ value })
    : validatorCompiler(part);
