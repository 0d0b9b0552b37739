import { z } from 'zod';

const plain = z.union([z.string(), z.number(), z.boolean(), z.null()]);
type Plain = z.infer<typeof plain>;

/** A part of JSON Schema, as far as the page says it in words. */
export interface Schema {
  readonly type?: string | readonly string[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: Schema | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
  readonly enum?: readonly Plain[] | undefined;
  readonly const?: Plain | undefined;
  readonly $ref?: string | undefined;
  readonly description?: string | undefined;
  readonly format?: string | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly default?: Plain | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
}

const schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    properties: z.record(z.string(), schema).optional(),
    required: z.array(z.string()).optional(),
    items: schema.optional(),
    anyOf: z.array(schema).optional(),
    oneOf: z.array(schema).optional(),
    enum: z.array(plain).optional(),
    const: plain.optional(),
    $ref: z.string().optional(),
    description: z.string().optional(),
    format: z.string().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    maxLength: z.number().optional(),
    // A list or an object is not said.
    default: plain.optional().catch(undefined),
    additionalProperties: z.union([z.boolean(), schema]).optional(),
  }),
);

const media = z.record(
  z.string(),
  z.object({
    schema: schema.optional(),
    example: z.unknown().optional(),
    examples: z.record(z.string(), z.object({ value: z.unknown().optional() })).optional(),
  }),
);
const operation = z.object({
  operationId: z.string(),
  summary: z.string(),
  description: z.string().optional(),
  tags: z.tuple([z.string()]),
  security: z.array(z.record(z.string(), z.unknown())).optional(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean().default(false),
        description: z.string().default(''),
        schema,
      }),
    )
    .default([]),
  requestBody: z.object({ required: z.boolean().default(false), content: media }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: media.optional() })),
});
const documentSchema = z.object({
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), schema) }),
});

/** A route as it is described. */
export interface Route extends z.infer<typeof operation> {
  readonly method: string;
  readonly path: string;
}
export type Parameter = Route['parameters'][number];

/** The groups of routes, and the shapes that have a name. */
export function readDocument(description: unknown) {
  const { tags, paths, components } = documentSchema.parse(description);
  const routes: Route[] = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      ...described,
      method: method.toUpperCase(),
      path,
    })),
  );
  const groups = tags.map((tag) => ({
    ...tag,
    routes: routes.filter(({ tags: [name] }) => name === tag.name),
  }));
  return { groups, shapes: Object.entries(components.schemas) };
}
