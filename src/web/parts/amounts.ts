import { h } from 'preact';

/** Units of time, the largest that fits is told. */
const units: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** A length of time in its largest unit: `3 min`. */
export function inWords(ms: number): string {
  const [size, name] = units.find(([unit]) => ms >= unit) ?? [1_000, 's'];
  return `${Math.floor(ms / size)} ${name}`;
}

interface TimeProps {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A time as the distance from now, in full where the pointer rests. */
export function Ago({ at, now }: TimeProps) {
  const ms = now - Date.parse(at);
  const text = ms >= 0 ? `${inWords(ms)} ago` : `in ${inWords(-ms)}`;
  const shown = Math.abs(ms) < 1_000 ? 'now' : text;
  return h('time', { dateTime: at, title: at }, shown);
}

/** A time by its distance from now, as `for 3 min`: how long something is so. */
export function For({ at, now }: TimeProps) {
  return h(
    'time',
    { dateTime: at, title: at },
    `for ${inWords(Math.max(0, now - Date.parse(at)))}`,
  );
}

/** `18:03`, or `29 Nov 18:03` on another day: UTC, beside the distance from now. */
export function At({ at, now }: TimeProps) {
  const date = new Date(at);
  const isToday = at.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  const day = isToday ? '' : `${days.format(date)} `;
  const clock = at.slice(11, 16);
  return [
    h('span', { class: 'clock' }, `${day}${clock}`),
    ' ',
    h('small', null, h(Ago, { at, now })),
  ];
}

const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

/** Tokens with separators. */
export function tokens(count: number): string {
  return whole.format(count);
}

/** US dollars and cents. */
export function usd(amount: number): string {
  // Rounded first as the sentences round, which say the same figure.
  return dollars.format(Number(amount.toFixed(2)));
}
