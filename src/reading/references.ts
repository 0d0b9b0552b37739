import { codePattern, numberPattern } from '../issue/codes.ts';
import type { Passage } from './markdown/passage.ts';

/**
 * A reference to other issues: one number, a range, or a code without a number. With neither it names no issue,
 * as the code of a part does, but stands in a list like one.
 */
export interface Reference {
  readonly start: number;
  readonly end: number;
  readonly repository: string | null;
  /** Undefined for a code that stands alone. */
  readonly number: number | undefined;
  /** The last number of a range. */
  readonly to: number | undefined;
  readonly code: string | undefined;
  /** True for a link or address that is no issue of the tracker. */
  readonly foreign: boolean;
  /** The address of an issue on another host. */
  readonly address: string | undefined;
}

const urlPattern = /https?:\/\/[^\s<>"`|]+/gi;
const maxNameLength = 100;
/** `guide/intro.md#4` is a file and an anchor. */
const fileEnding = /\.(?:md|html?|txt|rst|adoc|pdf|[jt]sx?|py|go|rs|java|json|ya?ml|css|php)$/i;

/** Finds every reference of a passage, in order. `trackerUrl`: base of the URLs that are the tracker's own. */
export function findReferences(
  { text, links }: Passage,
  trackerUrl: string | undefined,
): Reference[] {
  const found: Reference[] = [];
  const taken: Taken[] = [];
  for (const { start, end, href } of links) {
    const own = ownReference(href, trackerUrl);
    const outside = own === undefined ? outsideIssue(href, trackerUrl) : undefined;
    if (own !== undefined) found.push({ ...plain, ...placeIn(text, start, end), ...own });
    else if (outside !== undefined && !/[#!]\d/.test(text.slice(start, end)))
      found.push({ ...plain, start, end, ...outside });
    else if (outside === undefined && !/[#!]\d/.test(text.slice(start, end)) && start < end)
      found.push({ ...plain, start, end });
    taken.push({ start, end, foreign: own === undefined, address: outside?.address });
  }
  let nextLink = 0;
  for (const match of text.matchAll(urlPattern)) {
    const url = withoutLastSigns(match[0]);
    const start = match.index;
    const end = start + url.length;
    while ((links[nextLink]?.end ?? Infinity) <= start) nextLink += 1;
    if ((links[nextLink]?.start ?? Infinity) < end) continue;
    const own = ownReference(url, trackerUrl);
    const outside = outsideIssue(url, trackerUrl);
    if (own !== undefined) found.push({ ...plain, start, end, ...own });
    else found.push({ ...plain, start, end, ...outside });
    taken.push({ start, end, foreign: false, address: undefined });
  }
  taken.sort((a, b) => a.start - b.start);
  const all = found
    .concat(findNumbers(text, taken), findNamed(text))
    .sort((a, b) => a.start - b.start);
  return withCodes(text, joinRanges(text, all));
}

/** The number in the words of a link, as in `[depends on #12](...)`, else the whole of them. */
function placeIn(text: string, start: number, end: number): Pick<Reference, 'start' | 'end'> {
  const number = /[#!]\d{1,9}/.exec(text.slice(start, end));
  if (number === null) return { start, end };
  const at = start + number.index;
  return { start: at, end: at + number[0].length };
}

/** An address without the signs of the sentence behind it. A search for them would try each run of signs. */
function withoutLastSigns(address: string): string {
  let { length } = address;
  while (length > 0 && ")].,;:!?*_'~".includes(address.charAt(length - 1))) length -= 1;
  return address.slice(0, length);
}

const plain = {
  repository: null,
  number: undefined,
  to: undefined,
  code: undefined,
  foreign: false,
  address: undefined,
};

/** A link or an address in the text. */
type Taken = Pick<Reference, 'start' | 'end' | 'foreign' | 'address'>;

const signPattern = /[#!](\d{1,9})(?!\d)/g;
const wholeNumber = new RegExp(numberPattern.source, 'uy');
/** What stands behind the number of a part without a space: `.2`, `/b`, `a`. */
const partPattern = /^(?:[-\u2010\u2011./_]?[\p{L}\d]+)+/u;

function findNumbers(text: string, taken: readonly Taken[]): Reference[] {
  const found: Reference[] = [];
  let next = 0;
  for (const match of text.matchAll(signPattern)) {
    const { index } = match;
    while ((taken[next]?.end ?? Infinity) <= index) next += 1;
    const range = taken[next];
    const inside = range !== undefined && range.start <= index;
    if (inside && !range.foreign) continue;
    const name = nameBefore(text, index);
    if (name === undefined) continue;
    const number = Number(match[1]);
    const start = index - name.length;
    const end = index + match[0].length;
    const after = text.slice(end, end + 40);
    wholeNumber.lastIndex = index;
    const part = wholeNumber.test(text) ? partBehind(after, number) : partPattern.exec(after)?.[0];
    if (part !== undefined || match[1]?.startsWith('0') === true) {
      found.push({ ...plain, start, end: end + (part?.length ?? 0) });
      continue;
    }
    const repository = name === '' ? null : name;
    const address = inside ? range.address : undefined;
    found.push({ ...plain, start, end, repository, number, foreign: inside, address });
  }
  return found;
}

/** `GH-12`, and a number behind the word "issue" where a relation stands in front of it: "depends on issue 12". */
const namedPattern =
  /(?<![\w/.-])GH-(?<number>[1-9]\d{0,8})(?![\w-]|\.\d|\/\w)|\b(?:blocked (?:by|on)|depend(?:s|ing|ent)? (?:up)?on|waits? (?:for|on)|waiting (?:for|on)|(?:required|needed) (?:by|for)|requires?|needs?|after|until|before|once|(?:un)?blocks?|blocking|prerequisites?(?: (?:is|are|for))?|blockers?)[\s:]+(?:issues?|prs?|mrs?|(?:pull|merge) requests?|tickets?)\s+(?<list>[1-9]\d{0,8}(?:(?:\s?,\s?|\s(?:and|&)\s)[1-9]\d{0,8})*)(?![\w-]|[.,]\d)/gi;

function findNamed(text: string): Reference[] {
  return [...text.matchAll(namedPattern)].flatMap(({ 0: all, index, groups }) => {
    const { number, list = '' } = groups ?? {};
    if (number !== undefined)
      return [{ ...plain, start: index, end: index + all.length, number: Number(number) }];
    const from = index + all.length - list.length;
    return [...list.matchAll(/\d+/g)].map(({ 0: digits, index: at }) => {
      const start = from + at;
      return { ...plain, start, end: start + digits.length, number: Number(digits) };
    });
  });
}

/** Words that a writer puts behind a hyphen without a space: `#13-the epic`. */
const proseWord =
  /^(?:the|an|it|its|this|that|these|those|which|who|is|are|was|were|has|have|had|will|must|should|can|not|no|and|or|but|because|since|as|so|for|from|by|in|on|to|of|with|when|while|once|until|after|before|if|see|still|waiting|done|merged|closed|open)(?![\w-])/i;

/** What makes the number before it the code of a part: `-B`, `-part2`, `-2`, `–C`, `(b)`. `#3-6` is no part of #3. */
function partBehind(after: string, number: number): string | undefined {
  const sign = /^(?:[([]\p{L}\d{0,3}[)\]]|[+:]\p{L}\d{0,3}(?![\p{L}\d])|[¹²³⁰-ₜ]+)/u.exec(after);
  if (sign !== null) return sign[0];
  const part = /^[-\u2010-\u2015\u2212](?=[\p{L}\d])(?:[-\u2010\u2011./_]?[\p{L}\d]+)+/u.exec(
    after,
  )?.[0];
  if (part === undefined) return undefined;
  const word = part.slice(1);
  const digits = /^(\d{1,9})(?!\w)/.exec(word)?.[1];
  if (digits !== undefined) return Number(digits) <= number ? part : undefined;
  if (/^[-\u2010\u2011]/.test(after)) return proseWord.test(word) ? undefined : part;
  // A long dash may begin a remark: `#13—the lock`, `#13—A lock is missing`.
  const isPart = /^(?:\p{Lu}|\p{L}\d+)$/u.test(word) && !/^.[AI] (?!and\b|or\b)[a-z]/.test(after);
  return isPart ? part : undefined;
}

/** True for a reference that names no issue, but stands in a list like one. */
export function isNoIssue({ number, code }: Reference): boolean {
  return number === undefined && code === undefined;
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
  const path = pathOnTracker(url, trackerUrl) ?? (/^\/[^/]/.test(url) ? url : '');
  const match =
    /^\/([\w.-]{1,100}\/[\w.-]{1,100})\/(?:issues|pulls?)\/([1-9]\d{0,8})(?:[/?#].*)?$/.exec(path);
  if (match?.[1] === undefined) return undefined;
  return { repository: match[1], number: Number(match[2]) };
}

/** The path of an address of the tracker; undefined for another host. */
function pathOnTracker(url: string, trackerUrl: string | undefined): string | undefined {
  const base = trackerUrl
    ?.replace(/^https?:/i, '')
    .replace(/\/+$/, '')
    .toLowerCase();
  const target = url.replace(/^https?:/i, '');
  const own = base !== undefined && target.toLowerCase().startsWith(`${base}/`);
  return own ? target.slice(base.length) : undefined;
}

/** Issues and changes of other trackers, by the form of their addresses. */
const outsidePattern =
  /(?:\/(?:issues|pulls?|merge_requests|work_items)\/|#|\/browse\/[A-Z][A-Z0-9]{1,9}-|\/show_bug\.cgi\?id=)([1-9]\d{0,8})(?![\w-])/;

/** The issue of another host that an address names; on the tracker itself, or without a host, it has no address. */
function outsideIssue(url: string, trackerUrl: string | undefined) {
  const digits = outsidePattern.exec(url)?.[1];
  if (digits === undefined) return undefined;
  const isElsewhere =
    /^(?:https?:)?\/\//i.test(url) && pathOnTracker(url, trackerUrl) === undefined;
  return { number: Number(digits), foreign: true, address: isElsewhere ? url : undefined };
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
      !reference.foreign &&
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
