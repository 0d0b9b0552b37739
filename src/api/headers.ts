import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'Idempotency-Key must be 1 to 200 printable characters')
  .optional()
  .meta({
    description:
      'A random one for each call. A call that is repeated with it gets the same answer and has no second effect.',
  });

/** Every header that a route reads, once. `Authorization` is of all routes, and read before them. */
const headers = z.object({
  'X-Claim-Id': z.string().meta({ description: 'The `claimId` of the claim.' }),
  'X-Claim-Token': z.string().meta({ description: 'The `token` that came with the claim.' }),
  'Idempotency-Key': idempotencyKey,
  'X-Verification-Token': z
    .string()
    .meta({ description: 'The `token` that came with the verification.' }),
  'Git-Protocol': z.string().optional().meta({ description: 'As git sends it.' }),
  'Content-Encoding': z.string().optional().meta({ description: 'As git sends it.' }),
});
export type ReadHeader = keyof typeof headers.shape;

export const claimHeaders = headers.pick({ 'X-Claim-Token': true });
export const claimEndHeaders = headers.pick({ 'X-Claim-Token': true, 'Idempotency-Key': true });
export const claimingHeaders = headers.pick({ 'Idempotency-Key': true });
export const hookHeaders = headers.pick({ 'X-Claim-Id': true, 'X-Claim-Token': true });
export const verifierHeaders = headers.pick({ 'X-Verification-Token': true });
export const gitHeaders = headers.pick({
  'X-Verification-Token': true,
  'Git-Protocol': true,
  'Content-Encoding': true,
});

/**
 * A header that the schema of the route names. Throws for another one, so that no route reads what the description
 * of the API does not say.
 */
export function readHeader(request: FastifyRequest, name: ReadHeader): string | undefined {
  const { schema, url = '' } = request.routeOptions;
  const declared = schema?.headers;
  if (!(declared instanceof z.ZodObject) || !(name in declared.shape))
    throw new RangeError(`The schema of ${url} does not name the header ${name}`);
  const value = request.headers[name.toLowerCase()];
  return typeof value === 'string' ? value : undefined;
}

export function readIdempotencyKey(request: FastifyRequest) {
  return idempotencyKey.safeParse(readHeader(request, 'Idempotency-Key'));
}

/** Content-Type and Accept, which the description says as the types of bodies. */
export function readMediaTypes({ headers: { accept, 'content-type': type } }: FastifyRequest) {
  return { accept, 'content-type': type };
}
