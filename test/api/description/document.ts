import { expect } from 'vitest';
import { z } from 'zod';

const schema = z.looseObject({
  type: z.string().optional(),
  properties: z.record(z.string(), z.looseObject({})).optional(),
});
const media = z.record(
  z.string(),
  z.looseObject({
    schema,
    example: z.unknown().optional(),
    examples: z
      .looseObject({ example: z.looseObject({ value: z.unknown().optional() }) })
      .optional(),
  }),
);
const operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.tuple([z.string()]),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean().optional(),
        description: z.string().optional(),
        schema: z.looseObject({}),
      }),
    )
    .default([]),
  requestBody: z.looseObject({ required: z.boolean().optional(), content: media }).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({ description: z.string(), content: media.optional() }),
  ),
});
export type Described = z.infer<typeof operation>;

const documentSchema = z.looseObject({
  openapi: z.string(),
  servers: z.array(z.looseObject({ url: z.string() })),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
});

/** The description that a service gives, and its operations by route: `GET /api/v1/issues`. */
export async function readDescription(url: string) {
  const reply = await fetch(`${url}/openapi.json`);
  expect(reply.status).toBe(200);
  const document = documentSchema.parse(await reply.json());
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, described]) => [`${method.toUpperCase()} ${path}`, described] as const,
    ),
  );
  return { document, routes };
}

const codesSchema = z.object({
  properties: z.object({
    error: z.object({ properties: z.object({ code: z.object({ enum: z.array(z.string()) }) }) }),
  }),
});

/** The codes of errors that an operation may answer with under a status. */
export function codesOf({ responses }: Described, status: number | string): readonly string[] {
  const answer = responses[String(status)]?.content?.['application/json']?.schema;
  return codesSchema.safeParse(answer).data?.properties.error.properties.code.enum ?? [];
}

/** The body of an example as JSON; undefined without one. */
export function exampleOf({ requestBody }: Described): string | undefined {
  const [media] = Object.values(requestBody?.content ?? {});
  const example = media?.example ?? media?.examples?.example.value;
  return example === undefined ? undefined : JSON.stringify(example);
}
