import { h } from 'preact';

import { Page } from '../../page.ts';
import { sendPage, visitOf, type Web, type WebDeps } from '../../web.ts';
import { readDocument, type Route, type Schema } from './document.ts';
import { Fields } from './fields.ts';
import { RouteDetails } from './route.ts';
import { shapeId } from './words.ts';

/** `GET /docs`: the description of the API, `/openapi.json`, for reading. */
export function registerApiDocs(web: Web, { description }: WebDeps): void {
  web.get('/docs', async (request, reply) => {
    const { caller } = visitOf(request);
    const { groups, shapes } = readDocument(description());
    const origin = originOf(request);
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
          '. Calls under ',
          h('code', null, '/api/v1'),
          ' need a token of API_TOKENS. Replace what stands in ',
          h('code', null, '<…>'),
          '. An error is ',
          h('code', null, '{"error":{"code","message"}}'),
          '.',
        ),
        groups.map((group) => h(Group, { ...group, origin })),
        h(Shapes, { shapes }),
      ),
    );
  });
}

/** Where the visitor found the service; a name that a shell would read otherwise is not repeated. */
function originOf({
  protocol,
  host,
}: {
  readonly protocol: string;
  readonly host: string;
}): string {
  return /^[\w.:[\]-]+$/.test(host) ? `${protocol}://${host}` : 'http://localhost:8000';
}

interface GroupProps {
  readonly name: string;
  readonly description: string;
  readonly routes: readonly Route[];
  readonly origin: string;
}

function Group({ name, description, routes, origin }: GroupProps) {
  const id = `group-${name.toLowerCase()}`;
  return h(
    'section',
    { 'aria-labelledby': id },
    h('h2', { id }, name),
    h('p', { class: 'faint' }, description),
    routes.map((route) => h(RouteDetails, { route, origin })),
  );
}

/** The shapes that several answers have. */
function Shapes({ shapes }: { readonly shapes: readonly (readonly [string, Schema])[] }) {
  return h(
    'section',
    { 'aria-labelledby': 'group-shapes' },
    h('h2', { id: 'group-shapes' }, 'Shapes'),
    h('p', { class: 'faint' }, 'What several answers have in them.'),
    shapes.map(([name, schema]) =>
      h(
        'details',
        { class: 'route' },
        h('summary', null, h('code', null, name)),
        h('div', { id: shapeId(name) }, h(Fields, { schema, label: `Fields of ${name}` })),
      ),
    ),
  );
}
