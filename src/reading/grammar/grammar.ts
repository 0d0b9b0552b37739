/**
 * The words the reader knows, in one table. Patterns are matched against one sentence in lower case, in
 * which every list of references is one sign, written REF here. NEAR is what may stand between a relation
 * and its references ("issue", "the", a colon), FAR a noun phrase as well ("depends on the parser in #12"),
 * MODS the small words between a reference and its verb ("#12 no longer blocks this").
 */
export const refSign = '\uE000';

export interface Rule {
  readonly means: 'blocked_by' | 'blocks' | 'related' | 'history' | 'not_a_reference';
  /** `flip`: the reference is the subject; its MODS are looked through for negations as well. */
  readonly form: 'after' | 'flip';
  /** The words themselves say that it is not so. */
  readonly negated?: true;
  readonly pattern: RegExp;
}

const noun = 'issues?|prs?|mrs?|pull requests?|merge requests?|tickets?|tasks?|bugs?|stor(?:y|ies)';
const gap = String.raw`[\s:=>→⇒➜\[\]("'“”‘’*|–—-]*`;
const near = String.raw`${gap}(?:(?:the|both|all of|of|on|by|for|at least|${noun})\b${gap}){0,3}`;
/** Words behind which a reference is no longer the object of the relation. */
const stop = [
  'whether|if|how|what|when|why|who|which|that|than|as|like|similar|same|and|or|but|not|no|nor|none|nothing|nobody|see|since|because',
  '(?:of|on|by|for|from|with) this|discussed|decided|reported|unlike|without|except|also|is|are|was|were|be|until|before|after|so|instead|about|mentioned|described|related|fix(?:es|ed)?|duplicate|using|per',
].join('|');
const far = String.raw`(?:${near}|\s*:?\s+(?:(?!(?:${stop})\b)[\w'’./-]+\s+){1,6}[(\["']{0,2}(?:(?:${noun})\s+)?)`;
const mods = String.raw`(?<mods>(?:[\s,(–—-]+(?:which|that|also|still|currently|really|now|both|all|actually|just|already|will|does|do|did|has|have|had|doesn[’']?t|don[’']?t|didn[’']?t|not|no longer|never|is|are|isn[’']?t|aren[’']?t|was|were|wasn[’']?t|weren[’']?t|would|could|might|may|won[’']?t|wouldn[’']?t|used to|been|be|being|only)\b)*)[\s,:]+`;
const self = String.raw`(?:this|it\b(?=[^\w]*$)|the present|the current)(?:\s+(?:one|here|${noun}))?\b(?![’']s)`;
const finished = String.raw`(?:done|merged|in|landed|lands|closed|finished|complete[ds]?|released|fixed|resolved|solved|shipped|available|ready|there|implemented|through|deployed|published|live|out|over)\b`;
/** What is ours is no other issue: "a blocker for this work (#2)" names the blocker. */
const ours = String.raw`\s+(?:this|the present|the current|us|our)\b`;
const be = String.raw`(?:is|are|has|have|gets?|has been|have been|is being|was|were)`;

/** Words between "must" and "first". */
const land = String.raw`(?:land|ship|come|merge|go in|go|happen|close|finish|be (?:merged|landed|done|fixed|finished|closed|in|in place|released|ready|there|solved|resolved|implemented|completed?|available|shipped|deployed))`;
const must = String.raw`(?:must|has to|have to|had to|needs? to|should|needs|shall|will have to)`;

/** What is done with an issue or its branch: "do not MERGE before". */
const carry = String.raw`(?:be )?(?:merged?|land(?:ed)?|start(?:ed)?|begin|begun|release[d]?|ship(?:ped)?|deploy(?:ed)?|publish(?:ed)?|implement(?:ed)?|work(?:ed)?(?: on)?|proceed|continue[d]?|close[d]?|done|do|build|built|finish(?:ed)?|complete[d]?|resolve[d]?|fix(?:ed)?|test(?:ed)?|review(?:ed)?|approve[d]?|rebase[d]?|go(?: in| out| live| ahead| on)?|move(?: on)?|happen|tackle[d]?|pick(?:ed)? up|touch(?:ed)?|enable[d]?)`;
const cannot = String.raw`(?:do not|don[’']?t|must not|mustn[’']?t|should not|shouldn[’']?t|cannot|can not|can[’']?t|may not|will not|won[’']?t|never|not to|no)`;
const can = String.raw`(?:can|could|may|might|will|should|is able to|are able to|will be able to)(?: (?:then|finally|also|only|at last|safely|be able to))*`;

function rule(means: Rule['means'], form: Rule['form'], source: string, negated?: true): Rule {
  const full = source
    .replaceAll('REF', refSign)
    .replaceAll('NEAR', near)
    .replaceAll('FAR', far)
    .replaceAll('MODS', mods)
    .replaceAll('SELF', self)
    .replaceAll('DONE', finished)
    .replaceAll('MUST', must)
    .replaceAll('LAND', land)
    .replaceAll('OURS', ours)
    .replaceAll('CARRY', carry)
    .replaceAll('CANNOT', cannot)
    .replaceAll('CAN', can)
    .replaceAll('BE', be);
  const pattern = new RegExp(full, source.includes('\\p{') ? 'gu' : 'g');
  return negated === undefined ? { means, form, pattern } : { means, form, pattern, negated };
}

/** The first rule that reaches a reference decides. */
export const rules: readonly Rule[] = [
  // Not a reference at all.
  rule(
    'not_a_reference',
    'flip',
    String.raw`REF[\s-]+(?:top\s+)?(?:priority|choice|reason|goal|concern|request|complaint|source|cause|problem|rule|fan|thing|pick|ask|seller|risk|topic|enemy|feature|wish|objective|aim)\b`,
  ),
  rule(
    'not_a_reference',
    'after',
    String.raw`\b(?:number|step|rule|item|section|chapter|page|build|run|figure|line|option|question|case|attempt|row|column|room|order|invoice|pipeline|point|slot|player|channel|unit|job|worker|day|week|sprint|round|version|colou?r|hex)\s+REF`,
  ),

  // Independence in words of its own, and plain need.
  rule('blocked_by', 'flip', String.raw`REFMODS(?:needed|required|necessary)(?! (?:by|for)\b)`),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:no|without any|without a|(?:drop(?:s|ped|ping)?|remov(?:es?|ed|ing)) the) (?:\w+ )?(?:dependency|dependencies|dependence|reliance) onNEARREF`,
    true,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:independent(?:ly)? (?:of|from)|regardless of|with or without|in parallel (?:with|to)|not (?:connected|linked|tied|coupled|bound|relevant|to be (?:confused|mixed up)) (?:to|with|for)|no (?:influence|impact|effect|bearing|relation|connection|link|conflict|overlap) (?:on|to|with|for)|(?:even (?:though|if|with)|although|despite|in spite of)|(?:can|could|will|should|may)(?: (?:be|also|easily|well|just|even))* (?:done|go|start|land|ship|shipped|live|work|built|finished|run|tested|merged)(?: \w+)? without|(?<!\b(?:nothing|nobody|never|not|n't) )(?:works|runs|goes|possible|fine) without|decoupled from|nothing to do with|without (?:waiting (?:for|on)|needing)|can (?:go|start|land|ship) (?:without|before)|do without)NEARREF`,
    true,
  ),

  // What other languages deny in the plainest words; what they claim is left to the model.
  ...[
    String.raw`\b(?:nicht|nie)(?: mehr)? (?:von|durch)NEARREF\s+(?:blockiert|abhängig|aufgehalten)`,
    String.raw`\bhäng(?:t|en) nicht(?: mehr)? vonNEARREF`,
    String.raw`\bn'(?:est|a été) (?:pas|plus) bloquée? parNEARREF`,
    String.raw`\bne dépend (?:pas|plus) deNEARREF`,
    String.raw`\bno (?:está |es )?bloquead[oa] porNEARREF`,
    String.raw`\bno depende deNEARREF`,
    String.raw`(?<!\p{L})não (?:está |é )?bloquead[oa] porNEARREF`,
    String.raw`(?<!\p{L})não depende deNEARREF`,
    String.raw`\bnon (?:è )?bloccat[oa] daNEARREF`,
    String.raw`\bnon dipende daNEARREF`,
    String.raw`\bniet(?: meer)? (?:geblokkeerd door|afhankelijk van)NEARREF`,
  ].map((source) => rule('blocked_by', 'after', source, true)),

  // The reference is the subject.
  rule(
    'blocked_by',
    'flip',
    String.raw`REFMODS(?:blocks?|blocking|holds? up|holding up|gates?|unblocks?|delays?) (?:(?:both )?SELF|us\b|me\b|the work\b|everything\b)`,
  ),
  rule(
    'blocked_by',
    'flip',
    String.raw`REFMODS(?:a |the |our |another |one |hard |direct )*(?:blockers?|prerequisites?|pre-requisites?|preconditions?|dependenc(?:y|ies))(?: (?:for|of|to|here)(?: SELF)?| here)?(?=[^\w\s]|\s*$| (?:as|because|since|and)\b)`,
  ),
  rule(
    'blocked_by',
    'flip',
    String.raw`REFMODSMUST(?: to)? LAND (?:first|before (?:SELF|we|anything)|beforehand)`,
  ),
  rule(
    'blocked_by',
    'flip',
    String.raw`REFMODS(?:needed|required|necessary) (?:first|beforehand|for SELF|by SELF|here|before SELF)`,
  ),
  rule('blocked_by', 'flip', String.raw`REFMODS(?:comes?|goes|lands?) (?:first|before SELF)`),
  rule(
    'blocks',
    'after',
    String.raw`\bCANNOT CARRYNEARREF (?:before|until|till|unless|without) SELF`,
  ),
  rule(
    'blocked_by',
    'flip',
    String.raw`(?:^|[,;:(]\s*|\b(?:do|finish|merge|land|fix|close|complete|ship)\s+)REF (?:first\b|before (?:SELF|we|anything))`,
  ),
  rule('blocks', 'flip', String.raw`REFMODSCANNOT CARRY (?:before|until|till|unless|without) SELF`),
  rule('blocks', 'flip', String.raw`REFMODSCAN CARRY (?:once|after|as soon as|when) SELF`),
  rule(
    'blocks',
    'flip',
    String.raw`REFMODS(?:depends? (?:up)?on|requires?|needs?|(?:blocked|held up|gated|on hold|unblocked) (?:by|on|until|behind|once)|(?:(?:has|have|needs?) to |must |should )?wait(?:s|ing)? (?:for|on|until|till)|comes? after|goes after|depending on|hangs? on|relies on|rely on) (?:SELF|us\b|ours\b)`,
  ),

  rule('related', 'flip', String.raw`REFMODS(?:merely )?(?:related|similar|a duplicate)\b`),
  rule(
    'blocked_by',
    'flip',
    String.raw`REFMODS(?:unrelated|irrelevant|obsolete|out of scope)\b`,
    true,
  ),

  // Other relations.
  rule(
    'related',
    'after',
    String.raw`\b(?:relat(?:ed|es|ing|ion)(?: issues?)?(?: to| with)?|see(?: also)?|similar(?: to)?|same (?:as|in)|like|compare|cf\.?|fix(?:es|ed)?(?: by| in| with)?|(?<!\b(?:cannot|can't|can not|to) )clos(?:es|ed|e)(?: by| in)?|resolv(?:es|ed|e)(?: by| in)?|duplicates?(?: of)?|dup(?:e)?(?: of)?|split (?:off |out )?(?:from|of|out of)|spun off from|extracted from|part of|subtask of|sub-issue of|child of|parent(?: of| is)?|epic|follow[ -]?up(?: to| of| for| from)?|follows(?: up)?(?: on)?|caused by|broken by|introduced (?:by|in|with)|regress(?:ed|ion)(?: from| of| in| since| by)?|refs?|references?|reference to|supersed(?:es|ed)(?: by)?|replac(?:es|ed)(?: by)?|revert(?:s|ed)?|successor (?:of|to)|predecessor|continuation of|tracked (?:in|by)|tracks|unrelated to|different from|not to be confused with|in the spirit of|inspired by|cherry[ -]picked from|backport (?:of|from)|addresses|implements|covers|verwandt mit|siehe(?: auch)?|voir(?: aussi)?|v[ée]ase|zie(?: ook)?|vedi)NEARREF`,
  ),

  // Order: what is not to happen before, and what can happen after.
  rule(
    'blocked_by',
    'after',
    String.raw`\bCANNOT CARRY(?: (?:(?:on )?this(?: one| issue| pr)?|it|anything|any of this|here))? (?:before|until|till|unless|without)NEARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:once|as soon as|after|when)NEARREF (?:is |are |has |have |gets )(?:(?:been|finally|fully|both|all) )?DONE,? (?:then )?(?:we|this(?: one)?|it|i|work)\b(?: (?:issue|pr|work))? CAN CARRY`,
  ),
  rule(
    'blocks',
    'after',
    String.raw`\b(?:once|as soon as|after|when) SELF (?:is |has |gets )(?:(?:been|finally|fully) )?DONE,?(?: then)?NEARREF CAN CARRY`,
  ),

  // Named only to say that it is not, or no longer, meant.
  rule('history', 'after', String.raw`\b(?:was|were|formerly|previously|former|old)\s+REF`),
  rule('blocked_by', 'after', String.raw`\b(?:not|no longer)(?: (?:by|on|for))?\s+REF`, true),

  // The relations of an issue with what stands behind.
  rule('blocked_by', 'after', String.raw`\bblocked\s*[:=([]+NEARREF`),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:blocked|held up|gated|held back)(?:[\s_-]+(?:by|on|until|behind))FARREF`,
  ),
  rule('blocked_by', 'after', String.raw`\b(?:unblocked (?:by|once|with))NEARREF`),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:depend(?:s|ing|ed)?|depend[ae]nt|dependenc(?:y|ies)|relies|rely|relying|hinges|hangs)[\s-]+(?:up)?onFARREF`,
  ),
  rule(
    'blocks',
    'after',
    String.raw`\b(?:needs?|needing|needed|requires?|requiring|required) (?:SELF|it|(?:this|these)(?: (?:changes?|features?|work|ones|issues))?) (?:for|in)NEARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:requires|require|required|requiring)(?! by\b| for\b)FARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:wait|waits|waiting|waited|stalled|pending|stuck|on hold|hold(?: off)?|parked)(?:[\s-]+(?:for|on|until|behind|till))FARREF`,
  ),
  rule('blocked_by', 'after', String.raw`\b(?:needs?|needing|needed)(?! (?:by|for|to)\b)FARREF`),
  rule(
    'blocked_by',
    'after',
    String.raw`\bafterNEARREF(?:\s*\([^()]*\))? (?:is |are |has |have |gets )?(?:(?:been|finally|fully|both|all) )?DONE`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:MUST|can(?: only)?|to|only)(?: be)? (?:land|start|starts|merge|merged|come|done|go in|begin|ship|happen|picked up|started) (?:only )?(?:after|once|as soon as|when)NEARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`^\W*(?:please |to |only )*CARRY(?: (?:this(?: one| issue| pr)?|it|anything|any of this|here))? (?:only )?(?:after|once)NEARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`(?:^\W*|\b(?:this|it) )(?:comes|goes|follows) (?:only )?afterNEARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\bonly (?:possible|doable|feasible|makes sense) (?:after|once|with)NEARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`(?:^\W*|\b(?:is|are|still) )(?:pending|await(?:s|ing)|stacked on(?: top of)?)NEARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`(?:\b(?:not|cannot|never|impossible|nothing)|n[’']t)\b[^,;.]{0,60}?\b(?:until|before|unless|without|as long as)NEARREF(?:\s*\([^()]*\))? (?:BE )?(?:(?:been|finally|not|n[’']t) )?DONE`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:pre-?requisites?|preconditions?|pre-?reqs?)(?! (?:for|of|to)\b)(?: (?:is|are|here is|here are))?NEARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:(?:dependency|dependencies)(?! \()|blockers?)(?! (?:for|of|on|upon)\b)\b(?:\s*:|\s+(?:is|are|here:?|remain(?:s|ing)?)\b)?NEARREF`,
  ),
  rule('blocked_by', 'after', String.raw`\b(?:blocks?|blocking|hold(?:s|ing)? up)\s+onNEARREF`),
  rule(
    'blocks',
    'after',
    String.raw`\b(?:required|needed|necessary|depended (?:up)?on|awaited)[\s-]+(?:by|for)(?!OURS)FARREF`,
  ),
  rule(
    'blocks',
    'after',
    String.raw`\b(?:pre-?requisites?|preconditions?|blockers?|dependency)[\s-]+(?:for|of)(?!OURS)FARREF`,
  ),
  rule(
    'blocks',
    'after',
    String.raw`\b(?:un-?blocks?|unblocking|blocks?|blocking(?! (?:${noun})\b\s*:)|holds? up|holding up|hold up)(?!\s+on\b)NEARREF`,
  ),
  rule(
    'blocks',
    'after',
    String.raw`(?:^[\W_]*|\b(?:this|it|which|also|and|we|change|will|to|issue|pr|ticket|work)\s+)(?:blocks?|un-?blocks?)(?!\s+on\b|OURS)FARREF`,
  ),
  rule(
    'blocks',
    'after',
    String.raw`\b(?:MUST|to|should|this|it)(?: be)? (?:land|lands|merged|merge|done|finished|go in|fixed|in|complete[d]?) beforeNEARREF`,
  ),
  rule('history', 'after', String.raw`\b(?:un)?blockedNEARREF`),
];

/** Headings, labels and first cells that are a relation for what is listed under or beside them. */
export const labels: readonly { means: 'blocked_by' | 'blocks' | 'related'; pattern: RegExp }[] = [
  {
    means: 'blocked_by',
    pattern:
      /^(?:blocked(?: (?:by|on))?|blockers?|depends?(?: (?:up)?on)?|depending on|dependenc(?:y|ies)|requires?|requirements? first|wait(?:s|ing)?(?: (?:for|on))?|has to wait (?:for|on)|await(?:s|ing)|pending|needs(?: first)?|pre-?requisites?|pre-?reqs?|preconditions?|(?:(?:issues|prs|tickets|tasks|things|what) (?:that |which )?(?:is |are )?)?(?:blocks?|blocking) this|on hold(?: (?:for|until))?|held up by)$/,
  },
  {
    means: 'blocks',
    pattern:
      /^(?:blocks|blocking|unblocks|will unblock|required (?:by|for)|needed (?:by|for)|(?:a )?(?:pre-?requisite|precondition) (?:for|of)|dependents|depended on by|what this blocks|(?:(?:issues|prs|tickets|tasks|things|what|those) (?:that |which )?(?:is |are )?)?(?:blocked by|waiting (?:for|on)|depend(?:s|ing|ent)? on) this|is blocking|holds up)$/,
  },
  {
    means: 'related',
    pattern:
      /^(?:relat(?:ed|es)(?: to| issues| work)?|see also|see|references|refs|similar(?: to)?|fix(?:es)?|closes|resolves|duplicates?(?: of)?|part of|parent|epic|follow[ -]?ups?(?: to)?|caused by|split from|links|related links|background|history|discussion|screenshots?|mock-?ups?|nice to have|optional|bonus|someday|later|not (?:in|part of) this|not here|not now|fyi|cc|out of scope|not in scope|changelog|supersedes|replaces|context)$/,
  },
];

/** Said of blockers and of what is blocked alike. */
export const ambiguousLabel = new RegExp(`^blocking (?:${noun})$`);

/** Words in front of a label that change nothing. */
export const labelLead =
  /^(?:we are |this (?:issue |one |ticket )?(?:is )?|is |currently |hard |still |strictly )+/;

/** What stands right in front of a relation, back to the last comma or conjunction. */
export const negation =
  /(?:\b(?:not(?! only\b| just\b)|instead of|rather than|avoid(?:s|ing)?|no longer|never|neither|nor|cannot|hardly|stop(?:s|ped)?|without|nothing|nobody|no)|n[’']t)(?: (?:really|actually|currently|directly|strictly|even|ever|any ?more|any longer|in fact|be|being|get|getting|have|has|had|need|needs|needing|going|seem|want|appear|to|a|an|been|at all|considered|marked as|necessarily|itself|here|is|are|this|it|longer|technically|hard|reason|point|use|cause|excuse|either|we|does|do|else|that|also|yet))*\s*$/;
/** The same behind the reference. */
export const negatedAfter =
  /^[\s)\]]*(?:(?:is|are|has been|have been) (?:gone|obsolete|dropped|removed|history|outdated)|any ?more|no longer|no more|[:(–—-]+\s*(?:no longer|not any ?more|obsolete|outdated|not true|wrong|no more|dropped|not needed|was wrong)|,? (?:but |which |that )?(?:that |this |it )?(?:is|was) (?:wrong|not (?:true|so|the case)|untrue|false|nonsense|a mistake)|,? (?:but |and )?(?:this|it)(?: one| issue| pr| ticket)? (?:is|does|was)(?:n't| not)(?=[\s.!)]*$))\b/;
/** In front of what somebody else believes. */
export const denial =
  /(?:\b(?:not true|not the case|wrong|false|untrue|a myth|a mistake|nonsense) that|(?:\bnot|n't) (?:think|believe|say|mean|see)(?: that| how| why)?|\bnot that)\b[^,;:.]*$/;
export const anyMore = /\bnot\b[^,;.]*\bany ?more\b/;

export const history =
  /\b(?:was|were|had been|used to(?: be| be waiting)?|got|formerly|previously|originally|initially|earlier|at first|back then|had to|in the past|last (?:week|sprint|month|year|spring|summer|autumn|fall|winter))\b(?: (?:once|also|still|originally|initially|previously|first|temporarily|long|being|(?:supposed|meant|planned|expected|intended|going) to|to be|be|partly|really|indeed|briefly|just|only))*\s*$/;
/** Relations in the past tense by themselves. */
export const pastVerb =
  /^(?:depended|waited|required(?! (?:by|for))|blocked(?![\s-]+(?:by|on|until|behind))|needed(?! (?:by|for)))\b/;
export const historyAfter =
  /^[^,;.?]{0,20}\b(?:last (?:week|sprint|month|year|spring|summer|autumn|fall|winter)|back then|at (?:the|that) time|in the past|until (?:yesterday|recently|last|now)|before (?:it|that|they) (?:landed|was|were))\b/;

/** Anywhere before the relation, in its part of the sentence. */
export const hypothesis =
  /\b(?:if|unless|suppose|supposing|in case|imagine|pretend|hypothetically)\b|\b(?:would|could|might|may|probably|maybe|perhaps|possibly|potentially|supposedly|apparently|allegedly|reportedly|presumably|theoretically|in theory|thinks|believes|suspects|assumes|guesses|i (?:think|guess|believe|suspect|assume)|(?:we|i|he|she|they) thought|thought that|doubt|seems?(?: to)?|looks? (?:like|as if)|rumou?r|claim(?:s|ed)?|[’']d)\b(?: [\w’']+){0,6}\s*$/;
export const hypothesisAfter = /^[^,;:.(]{0,40}?\s(?:if|unless|in case|were it)\b/;
export const question =
  /\b(?:whether|wonder(?:ing)?|unclear|not sure|unsure|no idea|does any(?:body|one)|is it true|ask(?:ed|ing)? (?:if|whether)|to be (?:checked|clarified|decided) (?:if|whether))\b/;

/** The subject of a relation is another issue: only such words stand between that reference and the verb. */
export const foreignSubject = /^[\s\w'’()]*$|^,?\s+(?:which|that|who)\b[\s\w'’()]*$/;
export const ownSubject =
  /\b(?:this|it|we|i|us|our|here|so|and|but|then|now|therefore|because|issue|first|please)\b/;

/** Colours are numbers too, of as many digits. */
export const digitsOfColour = /^#(?:\d{3,4}|\d{6}|\d{8})$/;
export const colours =
  /\b(?:colou?rs?|backgrounds?|palette|hex|css|shades?|gr[ae]y|rgb|theme|white|black|borders?|fill|stroke|tint)\b/;

/** Text that talks to the program instead of to people; what follows in its paragraph says nothing. */
export const instructions: readonly RegExp[] = [
  /\b(?:ignor(?:e|ing)|disregard|forget|overrid(?:e|ing)|bypass)\b[^.\n]{0,40}\b(?:instructions?|rules?|prompts?|polic(?:y|ies)|guidelines?|directives?|above|previous|prior|earlier text|everything)\b/,
  /\b(?:system|developer|admin|root)\s+(?:notice|prompt|message|note|override|instruction|command|update|alert)\b|^\W*(?:important\W+)?(?:system|assistant|developer|override)\s*:|<\/?(?:system|instructions?|assistant|user)>|\[\/?inst\]|<\|/,
  /^\W*(?:important |urgent |special |ps:? )?(?:note|notice|message|instructions?|attention|hint|reminder|order|memo|request|hey|dear|hello|hi|hallo|for|to)\b[\s:,]*(?:to|for)?[\s:,]*(?:the |any |all |our |your )*(?:\w+[\s-])?(?:triage|parser|reader|reading|bot|coordinator|planner|planning|classifier|extractor|llms?|language models?|models?|a\.?i\.?|agents?|assistant|claude|gpt|chatgpt|scheduler|automation|program|machine)s?(?:[\s-](?:service|program|bot|agent|model|system|assistant|reader|parser|tool|software|script|step|pipeline))?\s*(?:[:,!—–-]|\breading this\b|$)/,
  /\b(?:you are|act as|behave as|pretend to be|as) (?:now )?(?:a|an|the) (?:\w+ ){0,2}(?:assistant|language model|ai|llm|triage|parser|bot|planner|coordinator|reader)\b/,
  /^\W*(?:\w+[\s-])?(?:bot|ai|llm|parser|coordinator|assistant|model|claude|agent)[\s:,]+(?:please )?(?:set|mark|record|report|treat|add|register|output|answer|return|classify|ignore|assume|use|put|make|list|change|assign)\b/,
  /\b(?:mark|set|flag|record|register|treat|report|label|classify|list|tag|count|log|store|declare)\b[^.,;\n]{0,40}\bas (?:being )?(?:block|depend|wait|requir|a (?:blocker|dependency))/,
  /\b(?:set|output|return|respond with|answer with|emit|print|write|force|change)\b[^.\n]{0,30}\b(?:blocked_?by|blocks|dependencies|estimated_?context|assigned_?agent|difficulty|agent|estimate|json|size)\b(?:[^.\n]{0,15}(?:\bto\b|=|:)|[^.\n]{0,20}\{)/,
  /\b(?:ai|llm|language model|bot|parser|agent|assistant)s? (?:that reads?|reading|processing|parsing|handling) (?:this|the)\b|\bif you are (?:an? )?(?:ai|llm|bot|language model|assistant|program|machine|model)\b/,
  /\b(?:ignorier\w*|missachte\w*|vergiss|ignor(?:a|e|ez|ieren|are)|oublie[zr]?|olvida|negeer|zignoruj|игнорируй\w*)\b[^.\n]{0,40}\b(?:anweisung\w*|instruktion\w*|instruccion\w*|instrucciones|instructions?|consignes|istruzioni|instructies|instruções|polecenia|инструкци\w*)/,
];

/** In front of the subject of a relation. */
export const negatedSubject =
  /\b(?:none of|not|(?:neither|nor)(?: (?:is|are|do|does|did|has|have|can|will))?)\s*$/;
/** The subject of a relation is somebody or something that is not named. */
export const unnamedSubject =
  /(?:(?<!\b(?:is|are) )\b(?:what(?:ever)?|who(?:ever)?|(?:some|any)(?:thing|one|body) else)|\b(?:any(?:one|body)|every(?:one|body)|people|users|those|others)(?: (?:that|who|which))?)(?: (?:is|are|also|still|currently|exactly|really))*\s*$/;
/** The subject is several, as in "Users that depend on #12 will break": this issue is one. */
export const pluralSubject =
  /^\W*(?:(?:all|any|the|other|some|most|many) )*[\w-]+(?<!\bthi)s (?:that|who|which)(?: (?:are|also|still|currently|really))*\s*$/;
export const example = /^\W*(?:e\.g\.?|for (?:example|instance)|examples?|z\.b\.)(?!\w)/;

/** Claims that their teller does not stand for. */
const told = String.raw`(?:(?<!\bas )\b(?:some(?:body|one)|any(?:body|one)|every(?:body|one)|people|they|some|others|folks)(?: (?:also|once|had|has|have|will|always|here|there))* (?:sa(?:y|ys|id)|claim(?:s|ed)?|thinks?|thought|believe[sd]?|tells?|told|suspect(?:s|ed)?|suggest(?:s|ed)?|assume[sd]?|argue[sd]?|insist(?:s|ed)?)\b|\bi (?:have |once )?heard\b|\bhearsay\b|\bword has it\b|\bit (?:is|was|has been) (?:said|claimed|rumou?red|believed|assumed)\b|\b(?:told|assured) (?:me|us)\b|\brumou?rs?\b|\bi (?:was|am|have been) told\b|\bthe word is\b)[^,;:.]*`;
export const hearsay = new RegExp(`${told}$`);

/**
 * What is said beside a reference that no rule reaches, and that makes it no dependency. A pattern without
 * REF counts for its part of the sentence.
 */
export interface Aside {
  readonly reason: 'negated' | 'hypothetical' | 'question' | 'history' | 'related' | 'third_party';
  /** It counts in sentences that speak of waiting as well. */
  readonly always?: true;
  readonly pattern: RegExp;
}

/** A reference as a subject, with what may stand between it and its verb. */
const subject = String.raw`REF[)\]"'”*]*(?:\s*\([^()]{0,80}\))?(?:,? (?:which|that|also|just|already|now|long|since|finally|recently|really|only|too))*,? `;
/** What is put down to be read. */
const record =
  '(?:details?|background|context|discussions?|threads?|explanations?|descriptions?|rationale|reasoning|reasons|history|info(?:rmation)?|notes|minutes|transcripts?|screen ?shots?|screencasts?|photos?|pictures?|images?|videos?|recordings?|mock-?ups?|sketch(?:es)?|drawings?|wireframes?|logs?|(?:stack ?)?traces?|numbers|figures|measurements|benchmarks?|results|statistics|charts?|graphs?|formulas?|examples?|samples?|snippets?|lists?|tables?|links?|summary|overview|analysis|reports?|proposals?|suggestions?|ideas?|arguments|pros and cons|spec(?:ification)?s?|steps|reproductions?|repros?|wording|texts?|drafts?|comments?|questions?|answers?|user stor(?:y|ies)|decisions?|survey|feedback|quotes?|colou?rs|icons?)';
/** What has been done with an issue that is over. */
const past =
  '(?:decided|settled|agreed(?: (?:on|upon))?|rejected|declined|closed|merged|done|fixed|resolved|solved|finished|completed|shipped|released|landed|implemented|answered|abandoned|dropped|withdrawn|cancel+ed|discarded|discussed|clarified|dealt with|sorted out|handled|dismissed|ruled out|put to rest|over|history|old news|through|in place|water under the bridge)';
/** What somebody did and left in an issue. */
const left =
  '(?:tried|seen|noticed|attached|uploaded|copied|taken|borrowed|quoted|collected|listed|outlined|sketched|measured|added|introduced|removed|changed|renamed|merged|fixed|done|did|built|made|shipped)';
/** What somebody said in an issue. */
const said =
  '(?:asked|requested|wished|wrote|written|said|complained|reported|suggested|proposed|pointed out|explained|described|documented|discussed|mentioned|argued|answered|noted|told|posted|showed|shown|found|decided|agreed|settled|rejected|raised|wondered|promised)';

function aside(reason: Aside['reason'], source: string, always?: true): Aside {
  const full = source
    .replaceAll('SUBJECT', subject)
    .replaceAll('RECORD', record)
    .replaceAll('PAST', past)
    .replaceAll('LEFT', left)
    .replaceAll('SAID', said)
    .replaceAll('CANNOT', cannot)
    .replaceAll('CARRY', carry)
    .replaceAll('CAN', can)
    .replaceAll('DONE', finished)
    .replaceAll('REF', refSign)
    .replaceAll('NEAR', near);
  const pattern = new RegExp(full, 'gu');
  return always === undefined ? { reason, pattern } : { reason, always, pattern };
}

/** The first aside that reaches a reference decides. */
export const asides: readonly Aside[] = [
  aside('hypothetical', `${told}REF`, true),

  // Between two others.
  aside(
    'third_party',
    String.raw`\bCANNOT CARRYNEARREF (?:before|until|till|unless|without)NEARREF`,
    true,
  ),
  aside('third_party', String.raw`REF,? CAN CARRY (?:once|after|as soon as|when)NEARREF`, true),
  aside(
    'third_party',
    String.raw`\b(?:once|as soon as|after|when)NEARREF (?:is |are |has |have )(?:been )?DONE,?(?: then)? REF CAN CARRY`,
    true,
  ),

  // Nothing is needed of it.
  aside(
    'negated',
    String.raw`SUBJECT(?:need not|needn't|(?:do|does|did)(?: not|n't) (?:need|have) to)\b`,
    true,
  ),
  aside(
    'negated',
    String.raw`\bin any order\b|\border (?:of [^.;]{0,60} )?(?:does not|doesn't) matter\b|\bwhichever (?:comes|is) first\b|\beither (?:this|REF) or (?:this|REF)`,
    true,
  ),
  aside(
    'negated',
    String.raw`SUBJECT(?:can|could|may) (?:go ahead|go on|proceed|ship|land|be (?:done|merged)) (?:on its own|anyway|regardless|alone|by itself)\b`,
  ),
  aside(
    'negated',
    String.raw`\bno need (?:to|for) (?:\w+ )?(?:it|that|them|these|those|anything|any of (?:it|that|this)|REF)`,
  ),
  aside(
    'negated',
    String.raw`\bnothing (?:(?:more|else|left|much) )?to \w+(?: (?:for|with|in|about|on|to|here|there|any ?more)\b|NEARREF|[.,;!)]|$)`,
  ),
  aside(
    'negated',
    String.raw`\bno (?:\w+ )?(?:changes?|action|work|adjustments?|follow-up)(?: (?:is|are))?(?: (?:needed|required|necessary|planned))? (?:for|in|to|on|with)NEARREF`,
  ),
  aside(
    'negated',
    String.raw`SUBJECT(?:needs? no|requires? no|has no|have no|plays? no|makes? no|sees no) (?:role|part|difference|changes?|action|work|attention|adjustments?|adaption|adaptation|impact|influence|effect|bearing|say)\b`,
  ),
  aside(
    'negated',
    String.raw`SUBJECT(?:(?:is|are|was|were)(?: not|n't)|(?:does|do|did)(?: not|n't)) (?:be )?(?:affected|concerned|relevant|involved|offered|shown|used|touched|changed|included|covered|important|urgent|mandatory|essential|critical|a (?:must|concern|problem|factor)|part of|in scope|about this|our|matter|affect|concern|touch|change|apply|interfere|conflict|play|influence|come into)\b`,
  ),
  aside(
    'negated',
    String.raw`SUBJECT(?:is |are |stays? |remains? |can be )?(?:as (?:it|they)|nothing|none of|another (?:story|matter|issue|thing|topic|problem)|a different|not related|(?:left )?(?:unaffected|unchanged|untouched|alone)|ignored|out of the picture|of no (?:concern|interest|importance|relevance)|free to stay|can stay)\b`,
  ),
  aside(
    'negated',
    String.raw`\b(?:ignor(?:e|es|ing)|leav(?:e|es|ing) (?:out|aside)|skip(?:s|ping)?|(?:do not|don't|does not|doesn't|did not|didn't|will not|won't|never) (?:touch|affect|change|concern|conflict with|interfere with|replace|cover|include|mean))NEARREF`,
  ),
  aside(
    'negated',
    String.raw`\b(?:separate|separately|distinct|apart|aside|orthogonal|unconnected) (?:from|to)NEARREF`,
  ),

  // Wished for, or for another time.
  aside(
    'hypothetical',
    String.raw`(?:^\W*should|\bif)NEARREF (?:ever|happens?|one day|some ?day)\b`,
  ),
  aside(
    'question',
    String.raw`\b(?:not sure|unsure|unclear|no idea|wonder(?:ing)?|(?:do not|don't) know) (?:if|whether|how|what)\b[^,;:.]{0,100}REF`,
    true,
  ),
  aside(
    'hypothetical',
    String.raw`\boptionally\b|\boptional(?=\s*[^\p{L}\s]|\s*$|\s+(?:for|here|and|but|though|as|in|at)\b)|\bnice[ -]to[ -]have\b|\bstretch goal|\bnot (?:a must|mandatory|essential|vital|critical|urgent)\b`,
  ),
  aside(
    'hypothetical',
    String.raw`\b(?:would|might|may|could)(?: also)? (?:be (?:nice|good|great|cool|handy|helpful|useful|neat|fun|a bonus|a plus|worth)|help|come in handy)\b`,
  ),
  aside(
    'hypothetical',
    String.raw`\bif (?:there is|there's|time|we have|i have|you have|anyone has|somebody has|we get|you get|you feel|you|we|anyone|somebody)(?: (?:still|some|enough|any|spare|a))* (?:time|like|likes|want|wants|fancy|care|capacity|hour|afternoon|permits?|allows?)\b`,
  ),
  aside(
    'hypothetical',
    String.raw`\b(?:no (?:hurry|rush|pressure|priority)|not urgent|some ?day|one day|another time|low priority|bonus points?|as a bonus)\b`,
  ),
  aside(
    'hypothetical',
    String.raw`\b(?:could|might|may)(?: (?:also|maybe|even|perhaps|just))* (?:be )?(?:re-?used?|take|look at|borrow(?:ed)?|copy|copied|steal|combine[d]?|share[d]?)\b`,
  ),
  aside(
    'hypothetical',
    String.raw`\b(?:maybe|perhaps|possibly) (?:also )?(?:have|take|look|try|see|read|ask|worth|something|interesting|useful|helpful|a|the)\b`,
  ),
  aside(
    'hypothetical',
    String.raw`SUBJECT(?:is|are|would be) (?:an? |the |just |only |rather |a nice )*(?:\w+ )?(?:extra|bonus|plus|luxury|icing|wish|add-?on|alternative|option)\b`,
  ),
  aside(
    'hypothetical',
    String.raw`\bif (?:it|that|this)(?:'s| is) (?:cheap|easy|simple|quick|small|not much|no trouble)\b`,
    true,
  ),
  aside(
    'hypothetical',
    String.raw`SUBJECT(?:can|could|may|might|will|should) (?:be (?:done|tackled|handled|addressed|fixed) |come |follow |happen |go )(?:later|separately|independently|in parallel|another time|at any time|any time)\b`,
  ),

  // Settled, or already there.
  aside(
    'history',
    String.raw`\bwhen (?:we|i|they|he|she|you) (?:did|made|wrote|built|merged|shipped|reviewed|started|finished|tested|closed)NEARREF`,
    true,
  ),
  aside(
    'history',
    String.raw`\b(?:found|seen|noticed|discovered|spotted|came up|arose|surfaced)(?: [\w']+){0,4} (?:of|for|on|with)NEARREF`,
  ),
  aside(
    'history',
    String.raw`SUBJECT(?:(?:is|are|was|were|has|have|had|got|been|long|already|since|recently|finally|just|now|all) )+PAST\b`,
  ),
  aside(
    'history',
    String.raw`SUBJECT(?:removed|introduced|added|changed|moved|renamed|landed|shipped|broke|brought|caused|fixed|dropped|rewrote|replaced|deleted|merged|taught|solved|closed|settled|decided|went (?:in|out|live)|made|split|cleaned|tried|took|got rid|did (?:the|this|that|it|not)|(?:was|were) (?:an? |the |just |only |about |for |too |our |my |another ))\b`,
  ),
  aside(
    'history',
    String.raw`(?:^|[,;:(]\s*|\b(?:was|were|been|had|have|has|we|i|you|they|as|already|once|just|first|all|originally|initially|previously|\w+ly) )LEFT(?: (?!to\b)[\w']+){0,4}? (?:in|by|with|to|at|from|under|for|on|as part of|during|along with)NEARREF`,
  ),
  aside(
    'history',
    String.raw`(?<!\b(?:be|is|are|being|gets?|to|will|should|not|n't) )\bSAID(?: (?!to\b)[\w']+){0,4}? (?:in|on|under|at|by|with)NEARREF`,
  ),
  aside(
    'history',
    String.raw`(?<!\b(?:be|is|are|being|gets?|to|will|should|not|n't) )\b(?:merged|shipped|released|landed|rejected|decided|dropped|abandoned|cancelled|deployed|discussed|renamed|settled|gave up on|gave up|given up on)NEARREF`,
  ),
  aside(
    'history',
    String.raw`(?:^\W*|\b(?:back|already|as) )inNEARREF,? (?:(?!is\b|are\b|be\b|will\b|gets?\b)[\w']+ ){1,3}(?:\w+ed|chose|took|went|had|was|were|said|wrote|found|made|did|saw|put|got|gave)\b`,
  ),
  aside(
    'history',
    String.raw`\b(?:found|seen|noticed|discovered|spotted|came up|occurred|stumbled|hit|saw)(?: [\w']+){0,4} (?:while|when|during) (?:\w+ing|the \w+)(?: (?:of|on|for|with|in))?NEARREF`,
    true,
  ),
  aside('history', String.raw`\bthanks toNEARREF`),
  aside(
    'history',
    String.raw`\b(?:tried|did|had|saw|found|decided|discussed|copied|took|borrowed) (?:that |this |it |them |all |so )?(?:already )?(?:in|with|from|under)NEARREF`,
  ),
  aside(
    'history',
    String.raw`\b(?:ever )?sinceNEARREF (?:the|we|it|this|our|all|every|there|i|users?|people|nobody|everything)\b`,
  ),
  aside('history', String.raw`\bregress(?:ed|es|ion) withNEARREF`),

  // A place where something is to be read.
  aside(
    'related',
    String.raw`\b(?:discussed|mentioned|described|decided|reported|came up|handled|covered|tracked|addressed|dealt with|taken care of) (?:separately |elsewhere )?(?:in|by|under)NEARREF`,
  ),
  aside(
    'related',
    String.raw`\b(?:left ?overs?|fall-?out|aftermath|remains|remnants?|relics?|by-?products?|spin-?offs?|follow-?ups?|carved out|cut out|broken out|pulled out|grew out)(?: (?:of|from|to|the|in|\w+))? (?:of|from|in|to)NEARREF`,
  ),
  aside(
    'related',
    String.raw`\b(?:same|similar|identical) (?:[\w'-]+ ){1,3}?(?:as|to|like|of)NEARREF`,
  ),
  aside(
    'related',
    String.raw`\b(?:conflicts?|collides?|collisions?|overlaps?|clash(?:es)?|interferes?|mix(?:ed|es)?|confused?|compared?|together|busy|familiar) (?:(?:this|it|up) )?with(?: the \w+ (?:in|of|from))?NEARREF`,
  ),
  aside('related', String.raw`\b(?:affects?|touches|works? on|working on|worked on)NEARREF`),
  aside(
    'related',
    String.raw`\b(?:thanks?|thank you|kudos|sorry|(?:great|good|nice) (?:work|job)|meeting|talk(?:ed|ing)?|chat|call|questions?|mail)(?: \w+){0,2} (?:for|in|on|about|around)NEARREF`,
  ),
  aside(
    'related',
    String.raw`\b(?:authors?|reporters?|customers?|reviewers?) (?:of|from|in|behind)NEARREF`,
  ),
  aside('related', String.raw`(?:^\W*|\b)(?:fyi|cc|btw|by the way|side note|ps)\b[^.]{0,30}REF`),
  aside(
    'related',
    String.raw`SUBJECT(?:(?:does|did) (?:the same|that|this)|(?:would|might|may|could|will) (?:also )?(?:profit|benefit)|gets? (?:faster|better|simpler|smaller)|looks?|looked|sounds?|seems?) ?`,
  ),
  aside(
    'related',
    String.raw`\b(?:copied|borrowed|adopted|imitates?|follows?|keeps?|mirrors?)(?: the)? (?:\w+ )?(?:of|from)NEARREF`,
  ),
  aside(
    'related',
    String.raw`SUBJECT(?:has|have|contains?|holds|lists?|shows?|collects|got) (?:(?!not\b|to\b)[\w'-]+ ){0,4}RECORD\b`,
  ),
  aside(
    'related',
    String.raw`SUBJECT(?:explains?|describes?|discuss(?:es)?|documents|mentions?|talks? about|illustrates?|summari[sz]es?|says|goes into|is about|proposes?|suggests?|reports?|asks?|argues?|compares?|shows?|tells? the|is (?:the )?(?:same|similar|another|an? (?:example|similar|different|old|separate)))\b`,
  ),
  aside(
    'related',
    String.raw`\b(?:RECORD|more|everything|rest)(?: (?!to\b|with\b)[\w']+){0,3}? (?:in|at|under|from|on|attached to)NEARREF`,
  ),
  aside('related', String.raw`(?:^\W*|\bback )inNEARREF there (?:is|are|was|were)\b`),
  aside(
    'related',
    String.raw`\b(?:style|look|spirit|manner|tone|naming|colou?rs|steps|those)(?: (?:and feel|to \w+|are|is|the same|those))* (?:of|as|as in|like)NEARREF`,
  ),
  aside('related', String.raw`\b(?:opened|filed|created|reported|started) (?!by\b|for\b)REF`),
  aside(
    'related',
    String.raw`\b(?:moved|goes|go|belongs?|postponed|deferred|delegated|left)(?: out)? (?:to|into|for)NEARREF`,
  ),
  aside(
    'related',
    String.raw`SUBJECT(?:is|are) (?:being )?(?:handled|tracked|owned|worked on|taken care of|looked after) (?:by|elsewhere|separately|in)\b`,
  ),
  aside('related', String.raw`\bRECORD\s*:NEARREF`),
  aside(
    'related',
    String.raw`\b(?:for|as) (?:(?:some|more|further|the|a) )?(?:RECORD|inspiration|reference|the record|comparison|completeness|more|the curious|an? \w+)\b[^.]{0,30}REF`,
  ),
  aside(
    'related',
    String.raw`\b(?:read|look(?:ed|ing)? (?:at|into)|check(?:ed)?|consult|cp\.?|as (?:in|with|for|explained in|shown in|seen in|before in)|just like|unlike|analog(?:ous(?:ly)?)? to|model+ed (?:on|after)|found in|quoted from|copied from|taken from|documented in|explained in|noted in|listed in|outlined in|proposed in|suggested in)NEARREF`,
  ),
];

/** Words of waiting: a sentence that has them is not decided by an aside. */
export const waiting =
  /\b(?:before|until|till|unless|once|as soon as|as long as|when|whenever|while|after|afterwards|first|then|wait\w*|block\w*|unblock\w*|depend\w*|dependenc\w*|requir(?:es?|ing|ements?)|(?<!not )required|prerequisites?|pending|(?<!\b(?:no|not|n't|don't|doesn't) )need(?:s|ed|ing)?\b(?! not?\b)|(?<!\ba )must|(?<!\b(?:not|n't) )(?:has|have|had) to|cannot|can not|can't|can only|couldn't|could not|impossible|possible only|only (?:possible|works?|when|with|if)|no sense|pointless|useless|yet|missing|lacks?|(?<!with or )without|on top of|holds? up|holding up|(?:goes?|comes?) (?:first|before|after|with|next|only)|rests|still|(?:has|have|is|are) not (?:been |yet |there|ready|done|merged|in\b|finished|available|running|delivered|written|built|released)|(?:has|have)n't|nobody has|decides? (?:about|on|over|whether|which|how)|stuck|parked|stalled|builds? (?:up)?on|hinges|relies|rely|otherwise|rather not|not start|right after|as a result|enables?|allows?|lets us|make it possible)\b/;
