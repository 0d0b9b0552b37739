import { refSign, words } from './pattern.ts';

/** Parts that many rules share, named as they stand in them. */
export const ref = refSign;

export const noun = words`
  issues?|prs?|mrs?|(pull|merge) requests?|tickets?|tasks?|bugs?|stor(y|ies)
`;
/** Signs between a relation and its references. */
const signs = String.raw`[\s:=>→⇒➜\[\]("'“”‘’*|–—-]*`;
/** The references, with small words in front of them: "issue", "the", a colon. */
export const near = `${signs}(?:${words`
  the|our|both|all of|of|on|by|for|at least|epic|parent|umbrella|${noun}
`}\\b${signs}){0,3}${ref}`;
/** Words behind which a reference is no longer the object of a relation. */
const stop = words`
  whether|if|how|what|when|why|who|which|that|than|as|like|similar|same|and|or|but|not|no|nor|none
  nothing|nobody|see|since|because|unlike|without|except|also|is|are|was|were|be|until|before|after
  so|instead|about|related|fix(es|ed)?|duplicate|using|per|mentioned|described|discussed|decided
  (of|on|by|for|from|with) this
`;
/** The same, or a noun phrase in front of them: "depends on the parser in #12", not "requires Node 20 (#12)". */
export const far = `(?:${near}|\\s*:?\\s+(?:the|an?|our|its|my|your|their|these|both|all|new|upstream|part)\\s+(?:(?!${stop}\\b)[\\w'’./-]+\\s+){0,5}[("'\\[]{0,2}(?:${noun}\\s+)?${ref})`;

/** Words between a reference and its verb: "#12 no longer blocks this". They may deny it. */
const between = words`
  which|that|also|still|currently|really|now|both|all|actually|just|already|only|will|does|do|did
  has|have|had|not|no longer|never|is|are|was|were|would|could|might|may|used to|been|be|being
  (does|do|did|is|are|was|were|wo|would)n't|probably|perhaps|maybe|an?|the|our|another|one|hard
`;
/** A reference that is the subject of what follows. */
export const subject = `${ref}(?<mods>(?:[\\s,(–—-]+${between}\\b)*)[\\s,:]+`;
/** This issue. */
export const self = `(?:${words`
  (this|the (present|current))( (one|here|${noun}))?
  us|ours|me|everything|the work
  it(?=\W*$)
`}\\b(?![’']s))`;

/** The end of a piece of work. */
export const done = words`
  done|merged|in|landed|lands|closed|finished|complete[ds]?|released|fixed|resolved|solved|shipped
  available|ready|there|implemented|through|deployed|published|live|out|over|erledigt
`;
export const is = words`
  (is|are|has|have|gets?)( (been|being|finally|fully|both|all|not))*
`;
/** What is done with an issue or its branch. */
export const act = words`
  (be )?(merged?|land(ed)?|start(s|ed)?|begin|begun|release[d]?|ship(ped)?|deploy(ed)?|implement(ed)?)
  (be )?(work(ed)?( on)?|proceed|continue[d]?|close[d]?|done|do|build|built|finish(ed)?|complete[d]?)
  (be )?(resolved?|fix(ed)?|test(ed)?|review(ed)?|rebased?|go( in| out| live| on)?|come|happen|pick(ed)? up)
`;
export const must = words`
  must|has to|have to|had to|needs? to|should|needs|shall|to
`;
export const cannot = words`
  (do|must|should|can|may|will) not|cannot|(do|must|should|ca|wo)n't|never|not to|no
`;
