import { simplify } from './clauses.ts';

/** Remarks that take an entry out of a list of dependencies, in full: "(context manager)" is none. */
const remark =
  /^(?:(?:this|it|that)(?: one)?(?: is|'s) )?(?:(?:just|only|merely|purely|mostly|here|mentioned|listed|kept|included|added|is|this is) )*(?:for (?:your |some |more )?(?:context|reference|background|information|info|completeness|the record|comparison|interest)|(?:as )?(?:context|background)(?: information| info| reading| material)?|(?:as )?fyi|see also|informational|informative|(?:(?:is |does |are |do )?not|isn't|doesn't|non)[ -]?(?:really |strictly |actually |a |an |hard )*(?:block(?:ing|er|s)?|dependency|prerequisite)(?: (?:us|this|here|anything|for this|at all))*|no (?:hard |real )?(?:blocker|dependency)|nice[ -]to[ -]have|optional|(?:loosely |only )?related(?: (?:work|issue|discussion|reading))?|further reading)(?: only| purposes)?$/;

/** Words that may also be the title of the issue that stands before them. */
const titleLike = /^(?:context|background|related|optional|reference)$/;

const reach = 200;

/** True when the words behind a reference say that it stands there to be read, not to be waited for. */
export function isContextOnly(text: string, end: number): boolean {
  const line = simplifyLine(text.slice(end, end + reach));
  const bracketed = /^\s*[([]([^()[\]]*)[)\]]/.exec(line)?.[1];
  if (bracketed !== undefined && hasRemark(bracketed)) return true;
  // What stands before another reference may be about that one.
  if (/[#!]\d|:\/\//.test(line)) return false;
  const [first = '', ...more] = line.split(separator);
  const behind = first.trim();
  return (remark.test(behind) && !titleLike.test(behind)) || more.some(hasRemark);
}

const separator = /[,;:()[\]|–—.!]| - /;

function hasRemark(words: string): boolean {
  return words.split(separator).some((part) => remark.test(part.trim()));
}

function simplifyLine(text: string): string {
  return simplify(/^[^\n]*/.exec(text)?.[0] ?? '').replace(/ +/g, ' ');
}
