import { h, type ComponentChildren } from 'preact';

import { Head } from '../../parts/scroll-box.ts';
import type { Parameter, Schema } from './document.ts';
import { innerObjects, marked, typeOf } from './words.ts';

interface RowsProps {
  readonly label: string;
  readonly head: readonly [string, string];
  readonly children?: ComponentChildren;
}

function TwoColumns({ label, head, children }: RowsProps) {
  return h(
    'table',
    { class: 'fields' },
    h('caption', { class: 'unseen' }, label),
    h(Head, { columns: head }),
    h('tbody', null, children),
  );
}

interface ParametersProps {
  readonly parameters: readonly Parameter[];
  readonly label: string;
}

const places = { path: 'in the path', query: 'in the query', header: 'header' } as const;

/** What a call has to send, and what it may. */
export function Parameters({ parameters, label }: ParametersProps) {
  const rows = parameters.map(({ name, in: where, required, description, schema }) =>
    h(
      'tr',
      null,
      h(Name, { name, isNeeded: required, where: places[where] }),
      h('td', null, h(Value, { schema: { ...schema, description } })),
    ),
  );
  return h(TwoColumns, { label, head: ['Parameter', 'What it is'] }, rows);
}

interface FieldsProps {
  readonly schema: Schema;
  readonly label: string;
  /** True: fields may be left out, and those that may not are marked. */
  readonly isSent?: boolean;
}

/** The fields of an object; those of objects in it are folded. Anything else is said in one line. */
export function Fields({ schema, label, isSent = false }: FieldsProps): ComponentChildren {
  const objects = innerObjects(schema);
  if (objects.length > 1)
    return objects.map((object, index) => {
      const form = `${label}, form ${index + 1} of ${objects.length}`;
      return h(
        'details',
        null,
        h('summary', null, markOf(object) ?? `Form ${index + 1} of ${objects.length}`),
        h(Fields, { schema: object, label: form, isSent }),
      );
    });
  if (objects[0] !== schema)
    return [
      h('p', null, h(Value, { schema })),
      objects.map((object) => h(Fields, { schema: object, label, isSent })),
    ];
  const { properties = {}, required = [] } = schema;
  const rows = Object.entries(properties).map(([name, field]) => {
    const isNeeded = required.includes(name);
    const inner = innerObjects(field);
    return [
      h(
        'tr',
        null,
        h(Name, {
          name,
          isNeeded: isSent && isNeeded,
          where: isSent || isNeeded ? '' : 'optional',
        }),
        h('td', null, h(Value, { schema: field })),
      ),
      inner.length === 0
        ? null
        : h('tr', null, h('td', { colSpan: 2 }, h(Folded, { name, inner, isSent }))),
    ];
  });
  return h(TwoColumns, { label, head: ['Field', 'What it is'] }, rows);
}

/** The value by which one form of an object is known among several. */
function markOf({ properties = {} }: Schema): ComponentChildren {
  const [mark] = Object.entries(properties).filter(
    ([, field]) => field.const !== undefined || field.enum?.length === 1,
  );
  return mark && ['With ', h('code', null, mark[0]), ' ', typeOf(mark[1])];
}

interface FoldedProps {
  readonly name: string;
  readonly inner: readonly Schema[];
  readonly isSent: boolean;
}

function Folded({ name, inner, isSent }: FoldedProps) {
  const label = `Fields of ${name}`;
  return h(
    'details',
    null,
    h('summary', null, label),
    h(Fields, {
      schema: inner.length === 1 && inner[0] !== undefined ? inner[0] : { anyOf: inner },
      ...{ label, isSent },
    }),
  );
}

interface NameProps {
  readonly name: string;
  readonly isNeeded: boolean;
  readonly where: string;
}

function Name({ name, isNeeded, where }: NameProps) {
  const notes = [isNeeded ? 'required' : '', where].filter((note) => note !== '').join(', ');
  return h(
    'th',
    { scope: 'row' },
    h('code', null, name),
    notes === '' ? null : h('small', null, notes),
  );
}

function Value({ schema }: { readonly schema: Schema }) {
  const { description = '', default: fallback } = schema;
  const isSaid = fallback !== undefined && fallback !== null;
  return [
    h(
      'span',
      { class: 'type' },
      typeOf(schema),
      isSaid ? `, by default ${String(fallback)}` : null,
    ),
    description === '' ? null : [h('br', null), marked(description)],
  ];
}
