import { h } from 'preact';
import { z } from 'zod';

import { Page } from '../page.ts';
import { Head, ScrollBox } from '../parts/scroll-box.ts';
import { sendPage, visitOf, type Web, type WebDeps } from '../web.ts';

const json = z.looseObject({});
const media = z.looseObject({ 'application/json': z.looseObject({ schema: json }) });
const operationSchema = z.looseObject({
  summary: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.string(),
        required: z.boolean().default(false),
        schema: json,
      }),
    )
    .default([]),
  requestBody: z.looseObject({ content: media }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: media.optional() })),
});
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
});
type Operation = z.infer<typeof operationSchema>;
type Route = Operation & { readonly name: string };

/** `GET /docs`: the description of the API, `/openapi.json`, for reading. */
export function registerApiDocs(web: Web, { description }: WebDeps): void {
  web.get('/docs', async (request, reply) => {
    const { caller } = visitOf(request);
    const { paths } = documentSchema.parse(description());
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        name: `${method.toUpperCase()} ${path}`,
      })),
    );
    const groups = Map.groupBy(routes, ({ tags: [tag = 'other'] }) => tag);
    return sendPage(
      reply,
      h(
        Page,
        { title: 'API', caller, path: '/docs' },
        h(
          'p',
          null,
          'The same for programs: ',
          h('a', { href: '/openapi.json' }, 'openapi.json'),
          '. Each call needs a token: ',
          h('code', null, 'Authorization: Bearer …'),
        ),
        [...groups].map(([tag, list]) => h(Group, { tag, list })),
      ),
    );
  });
}

function Group({ tag, list }: { readonly tag: string; readonly list: readonly Route[] }) {
  const id = `group-${tag}`;
  return h(
    'section',
    { 'aria-labelledby': id },
    h('h2', { id }, tag),
    list.map((route) => h(RouteDetails, { route })),
  );
}

function RouteDetails({ route }: { readonly route: Route }) {
  const { name, summary, description, parameters, requestBody, responses } = route;
  return h(
    'details',
    { class: 'route' },
    h('summary', null, h('code', null, name), ` ${summary}`),
    h('p', null, description),
    parameters.length === 0 ? null : h(Parameters, { parameters, name }),
    requestBody === undefined
      ? null
      : h(Schema, { title: 'Body', schema: requestBody.content['application/json'].schema }),
    Object.entries(responses).map(([status, { content }]) =>
      content === undefined
        ? null
        : h(Schema, {
            title: status === 'default' ? 'Errors' : `Answer ${status}`,
            schema: content['application/json'].schema,
          }),
    ),
  );
}

function Parameters({ parameters, name }: Pick<Route, 'parameters' | 'name'>) {
  const rows = parameters.map((one) =>
    h(
      'tr',
      null,
      h('th', { scope: 'row' }, one.name, one.required ? ' (required)' : ''),
      h('td', null, one.in),
      h('td', null, h('code', null, JSON.stringify(one.schema))),
    ),
  );
  return h(
    ScrollBox,
    { label: `Parameters of ${name}` },
    h('table', null, h(Head, { columns: ['Name', 'Where', 'Schema'] }), h('tbody', null, rows)),
  );
}

function Schema({ title, schema }: { readonly title: string; readonly schema: object }) {
  return h(
    'details',
    null,
    h('summary', null, title),
    h('pre', { class: 'scroll', tabIndex: 0 }, JSON.stringify(schema, undefined, 2)),
  );
}
