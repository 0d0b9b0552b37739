import { h, type JSX } from 'preact';

import type { Choice } from '../filter.ts';

interface Field {
  readonly name: 'repository' | 'agent' | 'state';
  readonly label: string;
  /** What the first option says, which stands for anything. */
  readonly any: string;
  readonly options: readonly (readonly [value: string, name: string])[];
}

interface FilterFormProps {
  /** Path of the page that it asks for. */
  readonly to: string;
  readonly choice: Choice;
  readonly fields: readonly Field[];
}

/** The form above a list: what to show of it, and what to search for. */
export function FilterForm({ to, choice, fields }: FilterFormProps) {
  const isChosen = [choice.repository, choice.agent, choice.q, choice.state ?? ''].some(
    (value) => value !== '',
  );
  return h(
    'form',
    { class: 'filter', method: 'get', action: to, role: 'search' },
    h(
      'label',
      { class: 'wide' },
      h('span', null, 'Search'),
      h('input', {
        ...{ type: 'search', name: 'q', value: choice.q, maxLength: 200 },
        placeholder: '#12, or words of the title',
      }),
    ),
    fields.map((field) => h(Select, { field, chosen: choice[field.name] ?? '' })),
    h('button', { type: 'submit' }, 'Show'),
    isChosen ? h('a', { class: 'reset', href: to }, 'Show all') : null,
  );
}

function Select({
  field,
  chosen,
}: {
  readonly field: Field;
  readonly chosen: string;
}): JSX.Element {
  const { name, label, any, options } = field;
  const isListed = chosen === '' || options.some(([value]) => value === chosen);
  const all = [['', any] as const, ...(isListed ? [] : [[chosen, chosen] as const]), ...options];
  return h(
    'label',
    null,
    h('span', null, label),
    h(
      'select',
      { name },
      all.map(([value, text]) => h('option', { value, selected: value === chosen }, text)),
    ),
  );
}
