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

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

/** Tokens with separators. */
export function tokens(count: number): string {
  return whole.format(count);
}

/** US dollars and cents. */
export function usd(amount: number): string {
  return dollars.format(amount);
}
