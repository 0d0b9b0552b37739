import { h, type ComponentChildren } from 'preact';

import { thousands } from '../../../lib/text.ts';
import type { Schema } from './document.ts';

/** What a value is, in words; shapes with a name are links to it. */
export function typeOf(schema: Schema): ComponentChildren {
  const { $ref, anyOf, oneOf, items, additionalProperties: values } = schema;
  if ($ref !== undefined) return h('a', { href: `#${shapeId(nameOf($ref))}` }, nameOf($ref));
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) return joined(distinct(choices.map(typeOf)), ' or ');
  if (schema.const !== undefined) return h('code', null, String(schema.const));
  if (schema.enum !== undefined) {
    const names = schema.enum.map((value) => h('code', null, String(value)));
    return names.length === 1 ? names : ['one of ', joined(names, ', ')];
  }
  if (items !== undefined) return ['list of: ', typeOf(items)];
  if (typeof values === 'object' && schema.properties === undefined)
    return Object.keys(values).length === 0 ? 'object' : ['object, by name: ', typeOf(values)];
  const types = [schema.type ?? []].flat();
  return types.length === 0 ? 'anything' : types.map((type) => simple(type, schema)).join(' or ');
}

function simple(type: string, { format, minimum, maximum, maxLength }: Schema): string {
  if (type === 'string' && format === 'date-time') return 'time';
  if (type === 'string')
    return maxLength === undefined ? 'text' : `text of at most ${thousands(maxLength)} characters`;
  if (type === 'integer' || type === 'number') {
    const what = type === 'integer' ? 'whole number' : 'number';
    const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
    if (isBounded) return `${what} from ${thousands(minimum ?? 0)} to ${thousands(maximum)}`;
    return minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER
      ? what
      : `${what} from ${thousands(minimum)}`;
  }
  return type === 'boolean' ? 'true or false' : type;
}

/** The objects without a name of their own in a schema, whose fields are to be shown beneath it. */
export function innerObjects(schema: Schema): readonly Schema[] {
  if (schema.properties !== undefined && Object.keys(schema.properties).length > 0) return [schema];
  const values = schema.additionalProperties;
  return [
    ...(schema.anyOf ?? schema.oneOf ?? []),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(typeof values === 'object' ? [values] : []),
  ].flatMap(innerObjects);
}

/** A sentence with the words between backticks as code. */
export function marked(text: string): ComponentChildren {
  return text.split('`').map((part, index) => (index % 2 === 1 ? h('code', null, part) : part));
}

function nameOf(ref: string): string {
  return ref.split('/').at(-1) ?? ref;
}

/** Id of a shape in the page. */
export function shapeId(name: string): string {
  return `shape-${name}`;
}

/** Several objects are told apart by their fields, not by this word. */
function distinct(parts: readonly ComponentChildren[]): readonly ComponentChildren[] {
  return parts.filter((part, index) => typeof part !== 'string' || parts.indexOf(part) === index);
}

function joined(parts: readonly ComponentChildren[], between: string): ComponentChildren {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [between, part]));
}
