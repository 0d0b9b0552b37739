import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';

import { allowedRoles } from '../roles.ts';
import { commonErrors, operations } from './operations.ts';

const prefix = '/api/v1';

/** Schema of an error with one of these codes. */
function errorOf(codes: readonly string[]) {
  return z.object({ error: z.object({ code: z.enum([...codes]), message: z.string() }) });
}

/**
 * Describes the routes that are registered after it as OpenAPI 3.1: what comes in from the schemas of the routes, what
 * goes out from `operations.ts`, who may call from the table of roles. `GET /openapi.json` gives it to everybody, as
 * the code is public anyway.
 */
export function describeApi(app: FastifyInstance, version: string): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Mosaic Coordinator', version, license: { name: 'MIT' } },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    hideUntagged: false,
    transform: (route) => {
      const { schema, url } = route;
      const method = [route.route.method].flat().find((name) => name !== 'HEAD') ?? 'GET';
      const operation = operations[`${method} ${url}`];
      if (operation === undefined || !url.startsWith(prefix))
        return { schema: { ...schema, hide: true }, url };
      const { summary, answers, errors = [] } = operation;
      const described = {
        ...schema,
        summary,
        description: `For the roles ${(allowedRoles[`${method} ${url}`] ?? []).join(', ')}.`,
        tags: [url.split('/')[3] ?? ''],
        response: { ...answers, default: errorOf([...commonErrors, ...errors]) },
      };
      return jsonSchemaTransform({ ...route, schema: described });
    },
  });
  app.register((scope, _options, done) => {
    scope.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
    done();
  });
}
