import { simplify } from './clauses.ts';

/** Remarks that take an entry out of a list of dependencies, in full: "(context manager)" is none. */
const remark =
  /^(?:(?:this|it|that)(?: one)?(?: is|'s) )?(?:(?:just|only|merely|purely|mostly|here|mentioned|listed|kept|included|added|is|this is) )*(?:for (?:your |some |more )?(?:context|reference|background|information|info|completeness|the record|comparison|interest)|(?:as )?(?:context|background)(?: information| info| reading| material)?|(?:as )?fyi|see also|informational|informative|(?:(?:is |does |are |do )?not|isn't|doesn't|non)[ -]?(?:really |strictly |actually |a |an |hard )*(?:block(?:ing|er|s)?|dependency|prerequisite)(?: (?:us|this|here|anything|for this|at all))*|no (?:hard |real )?(?:blocker|dependency)|nice[ -]to[ -]have|optional|(?:loosely |only )?related(?: (?:work|issue|discussion|reading))?|further reading)(?: only| purposes)?$/;

/** A remark that cannot be the end of a title: "(background)" may be one. */
const clear = /\b(?:for|not|isn't|doesn't|non|no|only|just|merely|purely)\b/;
/** Words that may also be the title of the issue that stands before them. */
const titleLike = /^(?:context|background|related|optional|reference)$/;

const reach = 200;

/**
 * True when the words behind a reference say that it stands there to be read, not to be waited for: a bracket or
 * the rest of the sentence, directly behind it or behind its title. When in doubt, it blocks.
 */
export function isContextOnly(text: string, end: number): boolean {
  const line = simplifyLine(text.slice(end, end + reach));
  const bracketed = /^\s*[([]([^()[\]]*)[)\]]/.exec(line)?.[1];
  if (bracketed !== undefined && isRemark(bracketed)) return true;
  const sentence = line.slice(0, sentenceEnd.exec(line)?.index);
  // What stands before another reference may be about that one.
  if (/[#!]\d|:\/\//.test(sentence)) return false;
  const [rest = '', ...cells] = sentence.split('|');
  return isRemarkBehind(rest) || cells.some(isClearRemark);
}

const sentenceEnd = /[.!?](?=["')\]*_]*(?:\s|$))/;

/** True for the rest of a sentence that is a remark, or a title and a clear remark. */
function isRemarkBehind(rest: string): boolean {
  const [, sign = '', behind = ''] = /^ *([,;:–—-]?) *(.*?)[ )]*$/.exec(rest) ?? [];
  if (isRemark(behind) && (sign !== '' || !titleLike.test(behind))) return true;
  const bracket = /[([]([^()[\]]*)[)\]] *$/.exec(rest)?.[1];
  if (bracket !== undefined) return isClearRemark(bracket);
  const signs = [...rest.matchAll(/ - |[,;–—]/g)];
  return signs.some(({ index, 0: found }) => isClearRemark(rest.slice(index + found.length)));
}

function isClearRemark(words: string): boolean {
  return isRemark(words) && clear.test(words);
}

/** True when all parts of the words are remarks. */
function isRemark(words: string): boolean {
  return words.split(/[,;]/).every((part) => remark.test(part.trim()));
}

function simplifyLine(text: string): string {
  return simplify(/^[^\n]*/.exec(text)?.[0] ?? '').replace(/ +/g, ' ');
}
