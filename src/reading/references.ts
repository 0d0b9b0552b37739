import { codePattern, numberPattern } from '../issue/codes.ts';
import type { Passage } from './markdown/passage.ts';

/** A reference to other issues: one number, a range, or a code without a number. */
export interface Reference {
  readonly start: number;
  readonly end: number;
  readonly repository: string | null;
  /** Undefined for a code that stands alone. */
  readonly number: number | undefined;
  /** The last number of a range. */
  readonly to: number | undefined;
  readonly code: string | undefined;
  /** True for a URL of another host. */
  readonly foreign: boolean;
}

const urlPattern = /https?:\/\/[^\s<>"`|]+/g;
const maxNameLength = 100;
/** `guide/intro.md#4` is a file and an anchor. */
const fileEnding = /\.(?:md|html?|txt|rst|adoc|pdf|[jt]sx?|py|go|rs|java|json|ya?ml|css|php)$/i;

/** Finds every reference of a passage, in order. `trackerUrl`: base of the URLs that are the tracker's own. */
export function findReferences(
  { text, links }: Passage,
  trackerUrl: string | undefined,
): Reference[] {
  const found: Reference[] = [];
  const taken: { start: number; end: number; foreign: boolean }[] = [];
  for (const { start, end, href } of links) {
    const own = ownReference(href, trackerUrl);
    const foreign = own === undefined ? foreignNumber(href) : undefined;
    if (own !== undefined) found.push({ ...plain, start, end, ...own });
    else if (foreign !== undefined && !/[#!]\d/.test(text.slice(start, end)))
      found.push({ ...plain, start, end, number: foreign, foreign: true });
    taken.push({ start, end, foreign: own === undefined });
  }
  let nextLink = 0;
  for (const match of text.matchAll(urlPattern)) {
    const url = match[0].replace(/[)\].,;:!?*_'~]+$/, '');
    const start = match.index;
    const end = start + url.length;
    while ((links[nextLink]?.end ?? Infinity) <= start) nextLink += 1;
    if ((links[nextLink]?.start ?? Infinity) < end) continue;
    const own = ownReference(url, trackerUrl);
    const number = foreignNumber(url);
    if (own !== undefined) found.push({ ...plain, start, end, ...own });
    else if (number !== undefined) found.push({ ...plain, start, end, number, foreign: true });
    taken.push({ start, end, foreign: false });
  }
  taken.sort((a, b) => a.start - b.start);
  const all = found.concat(findNumbers(text, taken)).sort((a, b) => a.start - b.start);
  return withCodes(text, joinRanges(text, all));
}

const plain = {
  repository: null,
  number: undefined,
  to: undefined,
  code: undefined,
  foreign: false,
};

function findNumbers(
  text: string,
  taken: readonly { start: number; end: number; foreign: boolean }[],
): Reference[] {
  const found: Reference[] = [];
  let next = 0;
  for (const match of text.matchAll(numberPattern)) {
    const { index } = match;
    while ((taken[next]?.end ?? Infinity) <= index) next += 1;
    const range = taken[next];
    const inside = range !== undefined && range.start <= index;
    if (inside && !range.foreign) continue;
    const number = Number(match[1]);
    if (number === 0 || match[1]?.startsWith('0') === true) continue;
    const name = nameBefore(text, index);
    if (name === undefined) continue;
    const repository = name === '' ? null : name;
    const start = index - name.length;
    const end = index + match[0].length;
    found.push({ ...plain, start, end, repository, number, foreign: inside });
  }
  return found;
}

/** `owner/repo` in front of the sign; empty without one, undefined when the text in front makes it no reference. */
function nameBefore(text: string, at: number): string | undefined {
  const last = text[at - 1] ?? ' ';
  if (/[#&!?=@]/.test(last)) return undefined;
  if (!/[\w./-]/.test(last)) return '';
  if (/(?:[#!]\d{1,9}|[\s(])[-/]$|\.$/.test(text.slice(Math.max(0, at - 12), at))) return '';
  let start = at;
  while (start > 0 && at - start <= 2 * maxNameLength && /[\w./-]/.test(text[start - 1] ?? ''))
    start -= 1;
  const name = /^[\w.-]{1,100}\/[\w.-]{1,100}$/.exec(text.slice(start, at))?.[0];
  return name !== undefined && !fileEnding.test(name) ? name : undefined;
}

/** The issue or pull request that a URL of the tracker names; a path alone is on the tracker too. */
function ownReference(url: string, trackerUrl: string | undefined) {
  const base = trackerUrl
    ?.replace(/^https?:/i, '')
    .replace(/\/+$/, '')
    .toLowerCase();
  const target = url.replace(/^https?:/i, '');
  const own = base !== undefined && target.toLowerCase().startsWith(`${base}/`);
  const path = own ? target.slice(base.length) : /^\/[^/]/.test(url) ? url : '';
  const match =
    /^\/([\w.-]{1,100}\/[\w.-]{1,100})\/(?:issues|pulls?)\/([1-9]\d{0,8})(?:[/?#].*)?$/.exec(path);
  if (match?.[1] === undefined) return undefined;
  return { repository: match[1], number: Number(match[2]) };
}

function foreignNumber(url: string): number | undefined {
  const digits = /(?:\/(?:issues|pulls?|merge_requests)\/|#)([1-9]\d{0,8})(?!\w)/.exec(url)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

const rangeSign = /^\s*(?:-|–|—|\.{2,3}|to|through|thru|till|until)\s*$/i;

/** Joins `#3-#6` or `#3 to #6` to one reference with a range. */
function joinRanges(text: string, found: readonly Reference[]): Reference[] {
  const joined: Reference[] = [];
  for (const reference of found) {
    const last = joined.at(-1);
    const isRange =
      last?.number !== undefined &&
      reference.number !== undefined &&
      last.to === undefined &&
      !last.foreign &&
      last.number < reference.number &&
      (reference.repository === null || reference.repository === last.repository) &&
      reference.start - last.end <= 12 &&
      rangeSign.test(text.slice(last.end, reference.start));
    if (isRange) joined[joined.length - 1] = { ...last, end: reference.end, to: reference.number };
    else if (last === undefined || reference.start >= last.end) joined.push(reference);
  }
  return joined;
}

/** Adds codes: one beside a number belongs to it, one alone is a reference of its own. */
function withCodes(text: string, numbers: readonly Reference[]): Reference[] {
  const found: Reference[] = [...numbers];
  let next = 0;
  for (const match of text.matchAll(codePattern)) {
    const start = match.index;
    const end = start + match[0].length;
    while (next < numbers.length - 1 && (numbers[next + 1]?.start ?? Infinity) < start) next += 1;
    const before = numbers[next];
    if (before !== undefined && before.start <= start && start < before.end) continue;
    const after = before !== undefined && before.start > start ? before : numbers[next + 1];
    if (
      before !== undefined &&
      before.end <= start &&
      beside.test(text.slice(before.end, start).slice(0, 12)) &&
      start - before.end < 12
    ) {
      const current = found[next];
      if (current?.code === undefined && current !== undefined)
        found[next] = { ...current, code: match[0], end: closed(text, end) };
    } else if (
      after !== undefined &&
      after.start >= end &&
      after.start - end < 12 &&
      beside.test(text.slice(end, after.start))
    ) {
      const at = numbers.indexOf(after, next);
      const current = found[at];
      if (current !== undefined)
        found[at] = { ...current, code: match[0], start, end: closed(text, current.end) };
    } else found.push({ ...plain, start, end, code: match[0] });
  }
  return found.sort((a, b) => a.start - b.start);
}

const beside = /^\s*[\])]?\s*[:([–—-]{0,2}\s*$/;

function closed(text: string, end: number): number {
  return /[)\]]/.test(text[end] ?? '') ? end + 1 : end;
}
