import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

import { allowedRoles } from '../roles.ts';
import { noBody } from '../route.ts';
import { errorAnswer, errorsOf } from './errors.ts';
import { groups, type Answer, type Operation } from './operation.ts';
import { operations } from './operations.ts';
import { pathsOutside } from './outside.ts';

const prefix = '/api/v1';

/**
 * Describes the routes that are registered after it as OpenAPI 3.1: what comes in from the schemas of the routes, what
 * goes out from `operations.ts`, who may call from the table of roles; and those outside of the API from `outside.ts`.
 * `GET /openapi.json` gives it to everybody, as the code is public anyway. Returns the same document.
 */
export function describeApi(app: FastifyInstance, version: string): () => object {
  const withOptionalBody = new Set<string>();
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Mosaic Coordinator',
        version,
        description: about,
        // The library does not know the field of OpenAPI 3.1.
        license: Object.assign({ name: 'MIT' }, { identifier: 'MIT' }),
      },
      servers: [{ url: '/', description: 'This service.' }],
      tags: Object.entries(groups).map(([name, description]) => ({ name, description })),
      paths: pathsOutside(),
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'A token of API_TOKENS.' },
        },
      },
      security: [{ token: [] }],
    },
    hideUntagged: false,
    transform: (route) => {
      const { schema, url } = route;
      const method = [route.route.method].flat().find((name) => name !== 'HEAD') ?? 'GET';
      const operation = operations[`${method} ${url}`];
      if (operation === undefined || !url.startsWith(prefix))
        return { schema: { ...schema, hide: true }, url };
      const { body, isRequired } = bodyOf(schema.body);
      if (!isRequired) withOptionalBody.add(operation.id);
      const roles = allowedRoles[`${method} ${url}`] ?? [];
      const forRoles = `For the role${roles.length === 1 ? '' : 's'} ${roles.join(', ')}.`;
      const described = {
        ...schema,
        body,
        operationId: operation.id,
        summary: operation.summary,
        description: [operation.more, forRoles].join(' ').trim(),
        tags: [operation.group],
        response: answersOf({ method, url }, operation),
      };
      return jsonSchemaTransform({ ...route, schema: described });
    },
    transformObject: jsonSchemaTransformObject,
  });
  let described: object | undefined;
  const description = () => (described ??= correct(app.swagger(), withOptionalBody));
  app.register((scope, _options, done) => {
    scope.get('/openapi.json', { schema: { hide: true } }, () => description());
    done();
  });
  return description;
}

const written = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        operationId: z.string(),
        requestBody: z.looseObject({ required: z.boolean() }).optional(),
      }),
    ),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});

/** The document without what the libraries say otherwise than it is. */
function correct(document: unknown, withOptionalBody: ReadonlySet<string>): object {
  const { paths, components, ...rest } = written.parse(document);
  for (const { operationId, requestBody } of Object.values(paths).flatMap((item) =>
    Object.values(item),
  ))
    // They say that every body is required.
    if (requestBody !== undefined) requestBody.required = !withOptionalBody.has(operationId);
  // They name a shape also for requests, where none of the names is used.
  const schemas = Object.entries(components.schemas).filter(([name]) => !name.endsWith('Input'));
  return { ...rest, paths, components: { ...components, schemas: Object.fromEntries(schemas) } };
}

const about = [
  'Turns issues assigned to a bot in Gitea or Forgejo into stored, explained plans for AI agents.',
  'Described is what programs call. Left out are the pages for people, and `/mcp`: the Model Context Protocol has its',
  'own way to say which tools there are (`tools/list`).',
].join(' ');

/** The body that a route takes, and whether a call has to bring one. */
function bodyOf(body: unknown): { readonly body?: z.ZodType; readonly isRequired: boolean } {
  if (body === undefined || body === noBody) return { isRequired: false };
  if (body instanceof z.ZodOptional || body instanceof z.ZodNullable)
    return { ...bodyOf(body.unwrap()), isRequired: false };
  if (!(body instanceof z.ZodType)) throw new RangeError('The schema of a body is none of zod');
  return { body, isRequired: true };
}

function answersOf(
  route: { readonly method: string; readonly url: string },
  { answers, errors = [] }: Operation,
) {
  const refusals = [...errorsOf(route, errors)].map(
    ([status, codes]): readonly [string, Answer] => [String(status), errorAnswer(codes)],
  );
  return Object.fromEntries(
    [...Object.entries(answers), ...refusals].map(([status, { says, shape, type }]) => [
      status,
      { description: says, content: { [type ?? 'application/json']: { schema: shape } } },
    ]),
  );
}
