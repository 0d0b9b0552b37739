/**
 * Fragments of the phrase table: the words that many of its patterns share. A pattern is matched against
 * one sentence in lower case, in which every list of references is one sign, written REF here.
 */
export const refSign = '\uE000';

export const noun =
  'issues?|prs?|mrs?|pull requests?|merge requests?|tickets?|tasks?|bugs?|stor(?:y|ies)';
const gap = String.raw`[\s:=>→⇒➜\[\]("'“”‘’*|–—-]*`;
/** Small words between a relation and its references: "issue", "the", a colon. */
const near = String.raw`${gap}(?:(?:the|our|both|all of|of|on|by|for|at least|epic|parent|umbrella|${noun})\b${gap}){0,3}`;
/** Words behind which a reference is no longer the object of the relation. */
const stop = [
  'whether|if|how|what|when|why|who|which|that|than|as|like|similar|same|and|or|but|not|no|nor|none|nothing|nobody|see|since|because',
  '(?:of|on|by|for|from|with) this|discussed|decided|reported|unlike|without|except|also|is|are|was|were|be|until|before|after|so|instead|about|mentioned|described|related|fix(?:es|ed)?|duplicate|using|per',
].join('|');
/** The same, or a noun phrase: "depends on the parser in #12". */
const far = String.raw`(?:${near}|\s*:?\s+(?:(?!(?:${stop})\b)[\w'’./-]+\s+){1,6}[(\["']{0,2}(?:(?:${noun})\s+)?)`;
/** Small words between a reference and its verb: "#12 no longer blocks this". */
const mods = String.raw`(?<mods>(?:[\s,(–—-]+(?:which|that|also|still|currently|really|now|both|all|actually|just|already|will|does|do|did|has|have|had|doesn[’']?t|don[’']?t|didn[’']?t|not|no longer|never|is|are|isn[’']?t|aren[’']?t|was|were|wasn[’']?t|weren[’']?t|would|could|might|may|won[’']?t|wouldn[’']?t|used to|been|be|being|only)\b)*)[\s,:]+`;
const self = String.raw`(?:this|it\b(?=[^\w]*$)|the present|the current)(?:\s+(?:one|here|${noun}))?\b(?![’']s)`;
const finished = String.raw`(?:done|merged|in|landed|lands|closed|finished|complete[ds]?|released|fixed|resolved|solved|shipped|available|ready|there|implemented|through|deployed|published|live|out|over)\b`;
/** Words for this issue, which is no other one: "a blocker for this work (#2)" names the blocker. */
const ours = String.raw`\s+(?:this|the present|the current|us|our)\b`;
const be = String.raw`(?:is|are|has|have|gets?|has been|have been|is being|was|were)`;

/** Words between "must" and "first". */
const land = String.raw`(?:land|ship|come|merge|go in|go|happen|close|finish|be (?:merged|landed|done|fixed|finished|closed|in|in place|released|ready|there|solved|resolved|implemented|completed?|available|shipped|deployed))`;
const must = String.raw`(?:must|has to|have to|had to|needs? to|should|needs|shall|will have to)`;

/** What is done with an issue or its branch: "do not MERGE before". */
const carry = String.raw`(?:be )?(?:merged?|land(?:ed)?|start(?:ed)?|begin|begun|release[d]?|ship(?:ped)?|deploy(?:ed)?|publish(?:ed)?|implement(?:ed)?|work(?:ed)?(?: on)?|proceed|continue[d]?|close[d]?|done|do|build|built|finish(?:ed)?|complete[d]?|resolve[d]?|fix(?:ed)?|test(?:ed)?|review(?:ed)?|approve[d]?|rebase[d]?|go(?: in| out| live| ahead| on)?|move(?: on)?|happen|tackle[d]?|pick(?:ed)? up|touch(?:ed)?|enable[d]?)`;
const cannot = String.raw`(?:do not|don[’']?t|must not|mustn[’']?t|should not|shouldn[’']?t|cannot|can not|can[’']?t|may not|will not|won[’']?t|never|not to|no)`;
const can = String.raw`(?:can|could|may|might|will|should|is able to|are able to|will be able to)(?: (?:then|finally|also|only|at last|safely|be able to))*`;

/** Number of a part: "part 2 of", "part two of". */
const counter = String.raw`(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|[a-z]|[ivx]{1,4})`;
/** Not the object of a relation: "depends on the last part of #12" waits for it. */
const waitless = String.raw`(?<!\b(?:on|by|for|requires?|needs?|blocks?|blocking|after|until|till|before|once|unblocks?)(?: (?:the|a|an|first|second|third|last|next|other|this|its|our|my|your|their|whole|entire|big|large|same))*[ :]+)\b`;

/** Filled in from top to bottom: CANNOT before CAN, which is its beginning. */
const fragments = {
  REF: refSign,
  NEAR: near,
  FAR: far,
  MODS: mods,
  SELF: self,
  DONE: finished,
  MUST: must,
  LAND: land,
  OURS: ours,
  CARRY: carry,
  CANNOT: cannot,
  CAN: can,
  BE: be,
  COUNTER: counter,
  WAITLESS: waitless,
};

/** Replaces the names of fragments in a pattern; `own`: fragments of one table, filled in first. */
export function fillIn(source: string, own: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...own, ...fragments }).reduce(
    (filled, [name, fragment]) => filled.replaceAll(name, fragment),
    source,
  );
}
