import { anyOf, readPatterns, readTable, refSign, simplify } from './pattern.ts';

const kinds = [
  ...(['blocked_by', 'blocks', 'related', 'part_of', 'negated', 'uncertain'] as const),
  'not_a_reference',
] as const;

/** What words say of a reference; `negated`: that nothing waits. */
export type Meaning = (typeof kinds)[number];

/** Parts that many rules share, by the names with which they stand in them. */
const parts = readPatterns(String.raw`
ref      \uE000
noun     issues?|prs?|mrs?|(pull|merge) requests?|tickets?|tasks?|bugs?|stor(y|ies)
signs    [\s:=>→⇒➜\[\]\x28"'“”‘’*|–—-]*
// The references, with small words in front of them: "issue", "the", a colon.
near     <signs>((the|these|following|other|our|both|all of|of|on|by|for|at least|epic|parent|umbrella|<noun>)\b<signs>){0,3}<ref>
// Words behind which a reference is no longer the object of a relation.
stop     whether|if|how|what|when|why|who|which|that|than|as|like|similar|same|and|or|but|not|no|nor|none
         nothing|nobody|see|since|because|unlike|without|except|also|is|are|was|were|be|until|before|after
         about|described|discussed|decided|should|must|can|could|will|would|may|might|first|(of|on|by|for|from|with) this
lead     the|an?|our|its|my|your|their|these|both|all|new|upstream|part
// The same, or a noun phrase in front: "depends on the parser in #12", not "requires Node 20 (#12)".
far      <near>|\s*:?\s+<lead>\s+((?!<stop>\b)[\w'’./-]+\s+){0,5}[\x28"'\[]{0,2}(<noun>\s+)?<ref>
// Words between a reference and its verb: "#12 no longer blocks this". They may deny it.
between  which|that|also|still|currently|really|now|both|all|actually|just|already|only|will|does|do|did
         has|have|had|not|no longer|never|is|are|was|were|would|could|might|may|used to|been|be|being
         (does|do|did|is|are|was|were|wo|would)n't|probably|perhaps|maybe|an?|the|our|another|one|hard|in turn
subject  <ref>[\x29\]]?(?<mods>([\s,\x28–—-]+<between>\b)*)[\s,:]+
self     ((this|the (present|current))( (one|here|<noun>))?|us|ours|me|everything|the work|it(?=\W*$))\b(?![’']s) // This issue.
done     done|merged|in|landed|lands|closed|finished|complete[ds]?|released|fixed|resolved|shipped|ready|there|available|live
is       (is|are|has|have|gets?)( (been|being|finally|fully|both|all|not))*
act      (be )?(merged?|land(ed)?|start(s|ed)?|begin|begun|released?|ship(ped)?|deploy(ed)?|implement(ed)?)
         (be )?(work(ed)?( on)?|proceed|move on|continued?|closed?|done|do|build|built|finish(ed)?|completed?)
         (be )?(resolved?|fix(ed)?|test(ed)?|review(ed)?|rebased?|go( in| out| live| on)?|come|happen|pick(ed)? up)
must     must|has to|have to|had to|needs? to|should|needs|shall|to
cannot   (do|must|should|can|may|will) not|cannot|(do|must|should|ca|wo)n't|never|not to|no
those    ((issues|prs|tickets|tasks|things|what|those) (that |which )?(is |are )?)?
`);

/**
 * The first rule that reaches a reference decides. Below each meaning stand its words, one alternative a line,
 * then what means this (`+`), and what only has the words (`-`).
 */
export const ruleTable = String.raw`
not_a_reference
  \b(number|step|rule|item|section|chapter|page|build|run|line|option|question|row|column|order|job|version|day|week) <ref>
  <ref> (top )?(priority|choice|reason|goal|concern|request|complaint|cause|problem|ask|risk)\b
  + Our #1 priority. | Go back to step #2.
  - Blocked by #2, top priority. | Priority: #2
negated
  \b(independent(ly)? (of|from)|regardless of|with or without|in parallel (with|to))<near>
  \b(no|without an?|drop(s|ped|ping)? the|remov(es?|ed|ing) the) ([a-z]+ )?dependenc(y|ies) on<near>
  \b(nothing to do with|not (connected|linked|tied|related) (to|with)|unrelated to)<near>
  \b(can|could|will|should|may)( be)? (done|go|start|land|ship|merged|work) without<near>
  <ref> (is|are) (unrelated|irrelevant|(not|no longer) (needed|required|necessary))\b
  \b(not|no longer)( by| on| for)? <ref>
  // The plainest denials of other languages. What they claim is left to the model.
  \b(nicht|nie)( mehr)? (von|durch)<near> (blockiert|abhängig|aufgehalten)|\bhäng(t|en) nicht( mehr)? von<near>
  \bn'(est|a été) (pas|plus) bloquée? par<near>|\bne dépend (pas|plus) de<near>|\bniet( meer)? (geblokkeerd door|afhankelijk van)<near>
  \b(no|não|non) ((está|es|é|è) )?(bloquead[oa] por|bloccat[oa] da|depende de|dipende da)<near>
  (不再?|没有?|未)(依赖于?|被|受)<near>|(不需要?|无需|不必)等待?<near>|[与和跟]\s*<ref>\s*无关|<ref>\s*(に|には)\s*依存し(ない|ていない|ません|ていません)
  + Independent of #2. | No hard dependency on #2. | Wird nicht von #2 blockiert. | 不依赖 #2。 | #2 には依存しない。
  - Hängt von #2 ab. | Blocked by #2. | 依赖 #2。 | #2 に依存する。

blocks // Order.
  \b<cannot> <act><near> (before|until|without) <self>
  \b(once|as soon as|after|when) <self> <is> <done>,?( then)?<near> can <act>
  \b(<must>|this|it)( be)? (land|lands|merged?|done|finished|fixed|go in|completed?) before<near>
  + Do not start #2 until this is done. | Once this is merged, #2 can start. | Must land before #2.
  - Do not start #2 before #3. | Do not merge #2 yet. | #3 must land before #2.
blocked_by
  \b<cannot> <act>( (on )?(this( one| <noun>)?|it|anything))? (before|until|unless|without)<near>
  (\b(not|cannot|never|impossible|nothing)|n't)\b[^,;.]{0,60}? (until|before|unless|as long as)<near> <is> <done>
  \bafter<near> <is> <done>(?!,?( then)? <ref>)
  \b(once|as soon as|when)<near> <is> <done>,? (then )?(we|this|it|i|work)( one| <noun>)? can <act>
  (^\W*|\b(can|can only|<must>|only) )<act> (only )?(after|once|as soon as|when)<near>
  (^\W*|\b(this|it|is) )(comes after|only possible after|stacked on( top of)?)<near>
  (^|[,;:]\s*|\b(do|finish|merge|land|fix|close|complete|ship) )<ref> (first\b(?!,? then <ref>)|before (<self>|we\b|anything))
  + Do not merge before #2. | Cannot start until #2 is closed. | To be picked up after #2 is done. | After #2 is merged.
  + We can start once #2 is merged. | Merge #2 first. | #2 first, please.
  - Do not merge this before reading #2. | #3 must not start before #2. | After the release of #2 users complained.
  - After #2 is done, #3 can start. | After #2 was merged we started. | Merge #2 before #3. | #2 first, then #3.

blocked_by // The reference is the subject.
  <subject>(blocks?|blocking|holds? up|holding up|gates?) (both )?<self>
  <subject><must> <act> (first\b|beforehand|before (<self>|we\b|anything))
  <subject>(comes?|goes|lands?|needed|required|necessary) (first|beforehand|before <self>|for <self>)
  <subject>(blockers?|pre-?requisites?|preconditions?|dependenc(y|ies))( (for|of|to|here))?( <self>)?(?=[^\w\s]|\s*$)
  + #2 blocks this. | #2 and #3, which still block this one. | #2 has to be merged before this. | #2 is a prerequisite for this.
  - #2 blocks #3. | Does #2 block this? | #2 does not have to land first. | There, #2 has to land first. | #2 is a blocker for #3.
blocks
  <subject>(depend(s|ing)? (up)?on|relies on|stacked on|requires?|needs?|(has to |have to |must )?wait(s|ing)? (for|on|until)) <self>
  <subject>((un)?blocked (by|on|until)|on hold until|comes? after) <self>
  <subject>(<cannot> <act> (before|until|without)|can( then)? <act> (once|after|as soon as|when)) <self>
  + #2 depends on this. | The load test (#2) depends on this. | #2 is blocked by this one. | #2 cannot start until this is done.
  - #2 depends on #3. | #2 does not depend on this. | #2 was blocked by this.

blocks // The references stand behind the words.
  \b(required|needed|necessary) (by|for)(?!\s+(?:this|us|our)\b)<far>
  \b(need(s|ed)?|requires?) (<self>|it|(this|these) [a-z]+) (for|in)<near>
  \b(pre-?requisites?|preconditions?|blockers?|dependency) (for|of)(?!\s+(?:this|us|our)\b)<far>
  \b(un-?blocks?|unblocking|blocks?|blocking(?! <noun>\s*:)|holds? up|holding up)(?! on\b)<near>
  ^\W*(dependents|depended on by|what this blocks|<those>(blocked by|waiting (for|on)|depend(s|ing|ent)? on) this)\s*:<near>
  + Required by #2. | We need this for #2. | This is a blocker for #2 and #3. | Fixing it unblocks #2. | Issues that depend on this: #2
  - Not needed by #2. | A token is needed for this feature (#2). | The blocker for this work (#2) is known. | This does not block #2.
  - If we did, it would block #2. | What blocks #2 is not clear. | It blocked #2. | Notes can hold code blocks (#2).
blocked_by
  \b(blocked|held up|gated) (by|on|until|behind)<far>|\bblocked\s*[:=\x28\[]+<near>|\bblock(s|ing)? on<near>
  \b(depend(s|ing|[ae]nt)?|dependenc(y|ies)|relies|rely) (up)?on<far>
  \b(requir(es?|ed|ing)|needs?|needing|needed)(?! (?:by|for|to)\b)<far>
  \b(wait(s|ing)?|hold(ing)?( off)?|on hold|stuck|pending) (for|on|until|till|behind)<far>
  (^\W*|\b(is|are|still) )(pending|awaiting|awaits)<near>
  \b(pre-?requisites?|preconditions?|dependenc(y|ies)|blockers?)(?! (?:for|of|on|to|upon)\b)( <noun>)?(\s*:| (is|are))<near>
  ^\W*(depends?|needs first|pre-?reqs?|wait(s|ing)?|on hold|<those>(blocks?|blocking) this)\s*:<near>
  + Blocked by #2. | This is blocked on the parser in #2. | blocked-by #2 | It is dependent upon the parser (#2).
  + Requires #2. | Needs #2 first. | Requires the schema from #2 and #3. | We are still waiting on #2, #3. | On hold until #2 is done.
  + The prerequisites are #2 and #3. | Our only blocker is #2. | What blocks this: #2
  - No longer blocked by #2. | Was blocked by #2. | "blocked by #2" | #3 is blocked by #2. | Users blocked by #2 wait.
  - Sites blocked by the old limit should raise it (#2) | I first wrote that this is blocked by #2. | Depends on how #2 turns out.
  - Does not need #2. | Requires what we decided in #2. | Needed to fix #2. | Requires Node 20 (#2) | It needs a reload first (#2).
  - We waited for #2. | Those waiting for #2 should subscribe. | The release waits for #2. | It has to wait for #2 (just the picture).
  - No blockers: #2 was closed. | Update dependencies (#2)

part_of // Other relations.
  \b(part( (\d{1,3}|one|two|three|four|[a-z]|[ivx]+)( ?(\/|of) ?\d+)?)?|sub-?(task|issue|ticket)|child( <noun>)?) of<near>
  \b((first|second|third|fourth|last|next|one|\d+) (out )?of (the )?(\w+ )?parts|the (first|last|next) part) of<near>|\b(belongs (to|under)|sub-?(task|issue) (to|for|in))<near>
  \b(parent|epic|umbrella|tracking issue)( (issue|epic|story|task|ticket|link))?( is)?(?! (?:of|for)\b)<near>
  <ref> (is|are) (the |our |its )?(parent|epic|umbrella)( (issue|epic|story))?(?= (?:of|for) <self>|[^\w\s-]|\s*$)
  + Part of #2. | Part 2/4 of #2. | Epic: #2 | The parent issue is #2. | #2 is the epic.
  - Not part of #2. | Depends on the last part of #2. | The epic for #2.
related
  \b(relat(ed|es|ing)( to| with)?|see( also)?|similar( to)?|cf\.?|refs?|references?|fyi|cc)<near>
  \b(fix(es|ed)?|clos(es|ed)|resolv(es|ed|e)|duplicates?( of)?|dup(e)?( of)?)<near>|^\W*close<near>
  \b(follow-?ups? (to|of|for|from)|split (off )?from|caused by|introduced (by|in|with)|regression from|supersedes|replaces)<near>
  ^\W*((related )?(links|work)|background|history|discussion|(for )?(context|reference)( only)?|changelog|nice to have|optional|later|(out of|not in) scope)\s*:<near>
  + Related to #2. | See also #2. | Fixes #2 | Follow-up to #2. | Out of scope: #2 | For context only: #2
  - Blocked by #2, see the docs. | Depends on #2, which is related.
uncertain // Headings over what was thought about, and will not be done so.
  ^\W*((describe )?(the )?alternatives?( (you|we|i)( ?('?ve|have))?)?( considered)?|rejected (alternatives|ideas|options))\s*:<near>
  + Alternatives considered: #2
  - Blocked by: #2
`;

export const rules = readTable(ruleTable).map(({ name, lines }) => {
  const means = kinds.find((kind) => kind === name);
  if (means === undefined) throw new Error(`The table of rules knows no meaning ${name}.`);
  const words = lines.filter((line) => !/^[+-] /.test(line));
  const source = anyOf(words, parts);
  return { means, pattern: new RegExp(source, 'gu'), label: new RegExp(`^${source}$`, 'u') };
});

/** The relation that a heading, label or first cell names: it means what a rule does that reaches from there to a reference. */
export function scopeOf(text: string): Meaning | undefined {
  if (text.length > 80 || !/\p{L}{2}/u.test(text)) return undefined;
  const said = simplify(text)
    .replace(/[^\p{L}\p{N} -]+|\s+/gu, ' ')
    .replace(/^[\d\s-]+|[\s-]+$/g, '')
    // Words that do not change its meaning.
    .replace(/^(?:we are |this (?:issue )?(?:is )?|is |currently |has to |hard |still |an? )+/, '');
  return rules.find(({ label }) => label.test(`${said}: ${refSign}`))?.means;
}
