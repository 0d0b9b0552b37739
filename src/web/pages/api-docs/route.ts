import { h, type ComponentChildren } from 'preact';

import { curlOf } from './curl.ts';
import type { Route } from './document.ts';
import { Fields, Parameters } from './fields.ts';
import { marked } from './words.ts';

interface RouteProps {
  readonly route: Route;
  /** Where the service is, for the calls. */
  readonly origin: string;
}

/** One route: what it is for, a call of it, what goes in and what comes out. */
export function RouteDetails({ route, origin }: RouteProps) {
  const { operationId, method, path, summary, description, parameters, requestBody } = route;
  const body = Object.entries(requestBody?.content ?? {});
  const answers = Object.entries(route.responses);
  const good = answers.filter(([status]) => status < '400');
  const refused = answers.filter(([status]) => status >= '400');
  return h(
    'details',
    { class: 'route' },
    h(
      'summary',
      null,
      h('code', { class: 'path' }, `${method} `, breakable(path)),
      ' ',
      marked(summary),
    ),
    h(
      'div',
      { id: operationId },
      description === undefined ? null : h('p', null, marked(description)),
      h(
        'pre',
        {
          class: 'call scroll',
          tabIndex: 0,
          role: 'region',
          'aria-label': `A call of ${operationId}`,
        },
        curlOf(origin, route),
      ),
      parameters.length === 0
        ? null
        : h(Parameters, { parameters, label: `Parameters of ${operationId}` }),
      body.map(([type, { schema }]) => [
        h('h3', null, requestBody?.required === true ? 'Body, required' : 'Body'),
        type === 'application/json' ? null : h('p', null, h('code', null, type)),
        schema === undefined
          ? null
          : h(Fields, { schema, label: `Body of ${operationId}`, isSent: true }),
      ]),
      h('h3', null, 'Answers'),
      good.map(([status, answer]) => h(GoodAnswer, { status, answer })),
      refused.length === 0 ? null : h(Refusals, { refused }),
    ),
  );
}

type Answer = Route['responses'][string];

function GoodAnswer({ status, answer }: { readonly status: string; readonly answer: Answer }) {
  return h(
    'details',
    null,
    h('summary', null, h('b', null, status), ' ', marked(answer.description)),
    Object.entries(answer.content ?? {}).map(([type, { schema }]) => [
      type === 'application/json' ? null : h('p', null, h('code', null, type)),
      schema === undefined ? null : h(Fields, { schema, label: `Answer ${status}` }),
    ]),
  );
}

/** Refusals are all of one form: their codes are what matters. */
function Refusals({ refused }: { readonly refused: readonly (readonly [string, Answer])[] }) {
  return h(
    'details',
    null,
    h('summary', null, 'Refusals'),
    h(
      'dl',
      { class: 'names' },
      refused.map(([status, { description }]) => [
        h('dt', null, status),
        h('dd', null, marked(description)),
      ]),
    ),
  );
}

/** A path that a narrow page may break before each of its parts. */
function breakable(path: string): ComponentChildren {
  return path
    .split('/')
    .flatMap((part, index) => (index === 0 ? [part] : [h('wbr', null), `/${part}`]));
}
