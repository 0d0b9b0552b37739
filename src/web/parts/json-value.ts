import { h, type JSX } from 'preact';

import { capital, withoutInvisible } from '../../lib/text.ts';

/** Levels, entries of one level, and characters of one text that are shown. */
const maxDepth = 5;
const maxEntries = 60;
const maxText = 8_000;

interface JsonValueProps {
  /** As it was parsed, from a program or a person. */
  readonly value: unknown;
  readonly depth?: number;
}

/** A value of JSON as people read it: names with their values, and lists. */
export function JsonValue({ value, depth = 0 }: JsonValueProps): JSX.Element {
  if (typeof value !== 'object' || value === null) return h(Plain, { text: String(value) });
  if (depth >= maxDepth) return h(Plain, { text: JSON.stringify(value) });
  const entries = Object.entries(value);
  const shown = entries.slice(0, maxEntries);
  const more = entries.length - shown.length;
  const nested = (part: unknown) => h(JsonValue, { value: part, depth: depth + 1 });
  if (Array.isArray(value))
    return h(
      'ul',
      { class: 'json' },
      shown.map(([, part]) => h('li', null, nested(part))),
      more > 0 ? h('li', null, `… and ${more} more`) : null,
    );
  return h(
    'dl',
    { class: 'json' },
    shown.map(([name, part]) => [h('dt', null, nameOf(name)), h('dd', null, nested(part))]),
    more > 0 ? [h('dt', null, '…'), h('dd', null, `and ${more} more`)] : null,
  );
}

function Plain({ text }: { readonly text: string }) {
  const shown = text.length > maxText ? `${text.slice(0, maxText)}…` : text;
  return h('span', { class: 'words' }, withoutInvisible(shown.toWellFormed()));
}

/** `openQuestions` and `open_questions` as `Open questions`. */
function nameOf(key: string): string {
  const words = withoutInvisible(key.toWellFormed())
    .replaceAll('_', ' ')
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return capital(words);
}
