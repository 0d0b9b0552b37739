import { z } from 'zod';

import type { Answer, Operation } from './operation.ts';

/** A route outside of `/api/v1`, which has no schema of its own to be described by. */
export interface OutsideOperation extends Operation {
  /** Who may call: anybody, anybody with more for a token, or a token alone. */
  readonly token: 'none' | 'optional' | 'required';
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
}

const status = z.object({ status: z.enum(['ok', 'degraded', 'down', 'off']) });
const check = z.looseObject({ status: status.shape.status });
const health = z.object({
  status: status.shape.status,
  version: z.string().optional().meta({ description: 'With a token.' }),
  uptimeSeconds: z.int().optional().meta({ description: 'With a token.' }),
  checks: z.record(z.string(), check).optional().meta({ description: 'With a token, by name.' }),
});
const readiness = z.object({ status: z.enum(['ready', 'not_ready', 'draining']) });
const taken = z.looseObject({ status: z.enum(['accepted', 'duplicate', 'ignored']) });

function refusal(says: string, ...codes: string[]): Answer {
  const shown = codes.map((code) => `\`${code}\``).join(', ');
  const error = z.object({ code: z.enum(codes), message: z.string() });
  return { says: `${shown}: ${says}`, shape: z.object({ error }) };
}

const service = { group: 'Service', token: 'none' } as const;

/** The routes outside of `/api/v1` that programs call; pages and MCP are not among them. */
const outsideOperations: Readonly<Record<string, OutsideOperation>> = {
  'GET /health': {
    ...service,
    token: 'optional',
    id: 'getHealth',
    summary: 'Whether the service works',
    more: 'With a token of the API it tells of every check.',
    answers: {
      200: { says: 'Nothing essential is down.', shape: health },
      503: { says: 'Something essential is down.', shape: health },
    },
  },
  'GET /health/webhook': {
    ...service,
    id: 'getWebhookHealth',
    summary: 'Whether deliveries come',
    answers: {
      200: { says: 'They do, or nothing is known.', shape: status },
      503: { says: 'Hooks are refused or silent.', shape: status },
    },
  },
  'GET /livez': {
    ...service,
    id: 'getLiveness',
    summary: 'Whether the event loop turns',
    answers: { 200: { says: 'It does.', shape: z.object({ status: z.literal('ok') }) } },
  },
  'GET /readyz': {
    ...service,
    id: 'getReadiness',
    summary: 'Whether deliveries can be stored',
    answers: {
      200: { says: 'They can.', shape: readiness },
      503: { says: 'They cannot, or the service stops.', shape: readiness },
    },
  },
  'GET /metrics': {
    ...service,
    token: 'required',
    id: 'getMetrics',
    summary: 'Numbers for Prometheus',
    more: 'The token is METRICS_TOKEN, or that of a reader or operator that is not narrowed.',
    answers: {
      200: { says: 'The numbers.', shape: z.string(), type: 'text/plain' },
      401: refusal('no such token.', 'unauthorized'),
      503: refusal('the part that answers this does not.', 'core_unavailable'),
    },
  },
  'GET /openapi.json': {
    ...service,
    id: 'getDescription',
    summary: 'This description',
    answers: { 200: { says: 'OpenAPI 3.1.', shape: z.looseObject({}) } },
  },
  'POST /webhook/gitea': {
    ...service,
    id: 'receiveDelivery',
    summary: 'Takes a delivery of Gitea or Forgejo',
    more: 'The signature stands for a token: HMAC-SHA256 of the body, keyed with the secret of the hook.',
    headers: z.object({
      'X-Gitea-Signature': z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .meta({ description: 'Also `X-Forgejo-Signature` or `X-Hub-Signature-256`.' }),
      'X-Gitea-Event': z.string().optional().meta({ description: 'Kind of the event.' }),
      'X-Gitea-Delivery': z.string().optional().meta({ description: 'Id of the delivery.' }),
    }),
    body: z.looseObject({}).meta({ description: 'As Gitea sends it.' }),
    answers: {
      200: { says: 'It is on disk, was there, or is of no interest.', shape: taken },
      400: refusal('the body ended too early.', 'invalid_request'),
      401: refusal('the signature is missing or wrong.', 'signature_invalid'),
      413: refusal('more than 16 MiB.', 'too_large'),
      415: refusal('another type than application/json.', 'unsupported_media_type'),
      422: refusal('it is stored, but not understood.', 'payload_not_understood'),
      503: refusal('send it again later.', 'too_busy', 'store_unavailable'),
    },
  },
};

/** The same as OpenAPI. */
export function pathsOutside() {
  const paths: Record<string, Record<string, object>> = {};
  for (const [route, operation] of Object.entries(outsideOperations)) {
    const [method = '', path = ''] = route.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: described(operation) };
  }
  return paths;
}

const security = { none: [], optional: [{}, { token: [] }], required: [{ token: [] }] };

function described({ id, group, summary, more, token, headers, body, answers }: OutsideOperation) {
  return {
    operationId: id,
    summary,
    ...(more === undefined ? {} : { description: more }),
    tags: [group],
    security: security[token],
    ...(headers === undefined ? {} : { parameters: parametersOf(headers) }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': schemaOf(body) } } }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([code, { says, shape, type = 'application/json' }]) => [
        code,
        { description: says, content: { [type]: schemaOf(shape) } },
      ]),
    ),
  };
}

function parametersOf(headers: z.ZodObject) {
  const { properties = {}, required = [] } = z.toJSONSchema(headers, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = typeof property === 'object' ? property : {};
    return { name, in: 'header', required: required.includes(name), description, schema };
  });
}

function schemaOf(shape: z.ZodType) {
  // The document says which dialect it has.
  return { schema: { ...z.toJSONSchema(shape), $schema: undefined } };
}
