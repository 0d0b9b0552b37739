import { readPatterns, simplify } from './pattern.ts';

const table = readPatterns(String.raw`
adverb   (just|only|merely|purely|mostly|here|mentioned|listed|kept|included|added|is|this is)
purpose  for ((your|some|more) )?(context|reference|background|information|info|completeness|the record|comparison|interest)
denial   ((is|does|are|do) )?(not|isn't|doesn't|non)( (really|strictly|actually|an?|hard))* ?(block(ing|er|s)?|dependency|prerequisite)
         no ((hard|real) )?(blocker|dependency)
topic    (as )?((context|background)( (information|info|reading|material))?|fyi)|see also|informational|informative
         nice to have|optional|((loosely|only) )?related( (work|issue|discussion|reading))?|further reading
remark   ((this|it|that)( one)?( is|'s) )?(<adverb> )*(<purpose>|<denial>( (us|this|here|anything|for this|at all))*|<topic>)( only| purposes)? // In full: “(context manager)” is none.
remarks  <remark>([,;] ?<remark>)*
end      [\s\x29\]]*(\||$|[.!?]["'\x29\]*_]*(\s|$))
// Directly behind the reference, in brackets or not, where "optional" alone may be its title.
behind   ^\s*([\x28\[]<remarks>[\x29\]]|[,;:–—-]\s*<remarks><end>|(?!(context|background|related|optional|reference)<end>)<remarks><end>)
// Behind its title or in the next cell, if the title cannot go on so. Behind another reference it may be about that one.
         ^([^#!:.?]|:(?!\/)|[.?](?!\s))*( - |[,;–—|\x28\[]\s*)(?=[^|]*\b(for|not|isn't|doesn't|non|no|only|just|merely|purely)\b)<remarks><end>
`);
const behind = new RegExp(table.get('behind') ?? '');

/**
 * True when the words behind a reference say that it stands there to be read, not to be waited for. When in
 * doubt, it blocks.
 */
export function isContextOnly(text: string, end: number): boolean {
  return behind.test(simplify(text.slice(end, end + 200).split('\n')[0] ?? ''));
}
