import { readPatterns } from './pattern.ts';

/** Parts that many rules share, by the names with which they stand in them. */
export const parts = readPatterns(String.raw`
ref      \uE000
noun     issues?|prs?|mrs?|(pull|merge) requests?|tickets?|tasks?|bugs?|stor(y|ies)
signs    [\s:=>→⇒➜\[\]\x28"'“”‘’*|–—-]*
// The references, with small words in front of them: "issue", "the", a colon.
near     <signs>((the|our|both|all of|of|on|by|for|at least|epic|parent|umbrella|<noun>)\b<signs>){0,3}<ref>
// Words behind which a reference is no longer the object of a relation.
stop     whether|if|how|what|when|why|who|which|that|than|as|like|similar|same|and|or|but|not|no|nor|none
         nothing|nobody|see|since|because|unlike|without|except|also|is|are|was|were|be|until|before|after
         so|instead|about|related|fix(es|ed)?|duplicate|using|per|mentioned|described|discussed|decided
         should|must|can|could|will|would|may|might|first
         (of|on|by|for|from|with) this
lead     the|an?|our|its|my|your|their|these|both|all|new|upstream|part
// The same, or a noun phrase in front: "depends on the parser in #12", not "requires Node 20 (#12)".
far      <near>|\s*:?\s+<lead>\s+((?!<stop>\b)[\w'’./-]+\s+){0,5}[\x28"'\[]{0,2}(<noun>\s+)?<ref>
// Words between a reference and its verb: "#12 no longer blocks this". They may deny it.
between  which|that|also|still|currently|really|now|both|all|actually|just|already|only|will|does|do|did
         has|have|had|not|no longer|never|is|are|was|were|would|could|might|may|used to|been|be|being
         (does|do|did|is|are|was|were|wo|would)n't|probably|perhaps|maybe|an?|the|our|another|one|hard
subject  <ref>[\x29\]]?(?<mods>([\s,\x28–—-]+<between>\b)*)[\s,:]+
// This issue.
self     ((this|the (present|current))( (one|here|<noun>))?|us|ours|me|everything|the work|it(?=\W*$))\b(?![’']s)
done     done|merged|in|landed|lands|closed|finished|complete[ds]?|released|fixed|resolved|solved|shipped
         available|ready|there|implemented|through|deployed|published|live|out|over
is       (is|are|has|have|gets?)( (been|being|finally|fully|both|all|not))*
// What is done with an issue or its branch.
act      (be )?(merged?|land(ed)?|start(s|ed)?|begin|begun|released?|ship(ped)?|deploy(ed)?|implement(ed)?)
         (be )?(work(ed)?( on)?|proceed|continued?|closed?|done|do|build|built|finish(ed)?|completed?)
         (be )?(resolved?|fix(ed)?|test(ed)?|review(ed)?|rebased?|go( in| out| live| on)?|come|happen|pick(ed)? up)
must     must|has to|have to|had to|needs? to|should|needs|shall|to
cannot   (do|must|should|can|may|will) not|cannot|(do|must|should|ca|wo)n't|never|not to|no
`);
