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
  'whether|if|how|what|when|why|who|which|that|than|as|like|similar|same|and|or|but|not|no|nor|see|since|because',
  'unlike|without|except|also|is|are|was|were|be|until|before|after|so|instead|about|mentioned|described|related|fix(?:es|ed)?|duplicate|using|per',
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
    String.raw`\b(?:no|without any|without a|drop(?:s|ped)? the|removed? the) (?:\w+ )?(?:dependency|dependencies|dependence|reliance) onNEARREF`,
    true,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:independent (?:of|from)|regardless of|decoupled from|nothing to do with|without (?:waiting (?:for|on)|needing)|can (?:go|start|land|ship) (?:without|before)|do without)NEARREF`,
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
    String.raw`REFMODS(?:blocks?|blocking|holds? up|holding up|gates?|unblocks?|delays?) (?:SELF|us\b|me\b|the work\b|everything\b)`,
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
    'blocked_by',
    'flip',
    String.raw`(?:^|[,;:(]\s*|\b(?:do|finish|merge|land|fix|close|complete|ship)\s+)REF first\b`,
  ),
  rule(
    'blocks',
    'flip',
    String.raw`REFMODS(?:depends? (?:up)?on|requires?|needs?|(?:blocked|held up|gated) (?:by|on)|wait(?:s|ing)? (?:for|on)|has to wait for|have to wait for|on hold until|depending on|hangs? on|relies on|rely on) (?:SELF|us\b|ours\b)`,
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
    String.raw`\b(?:relat(?:ed|es|ing|ion)(?: issues?)?(?: to| with)?|see(?: also)?|similar(?: to)?|same (?:as|in)|like|compare|cf\.?|fix(?:es|ed)?(?: by| in| with)?|clos(?:es|ed|e)(?: by| in)?|resolv(?:es|ed|e)(?: by| in)?|duplicates?(?: of)?|dup(?:e)?(?: of)?|split (?:off |out )?(?:from|of|out of)|spun off from|extracted from|part of|subtask of|sub-issue of|child of|parent(?: of| is)?|epic|follow[ -]?up(?: to| of| for| from)?|follows(?: up)?(?: on)?|caused by|broken by|introduced (?:by|in|with)|regress(?:ed|ion)(?: from| of| in| since| by)?|refs?|references?|reference to|mentioned in|discussed in|came up in|reported in|described in|decided in|supersed(?:es|ed)(?: by)?|replac(?:es|ed)(?: by)?|revert(?:s|ed)?|successor (?:of|to)|predecessor|continuation of|tracked (?:in|by)|tracks|unrelated to|different from|not to be confused with|in the spirit of|inspired by|cherry[ -]picked from|backport (?:of|from)|addresses|implements|covers|verwandt mit|siehe(?: auch)?|voir(?: aussi)?|v[ée]ase|zie(?: ook)?|vedi)NEARREF`,
  ),

  // Named only to say that it is not, or no longer, meant.
  rule('history', 'after', String.raw`\b(?:was|were|formerly|previously|former|old)\s+REF`),
  rule('blocked_by', 'after', String.raw`\b(?:not|no longer)(?: (?:by|on|for))?\s+REF`, true),

  // The relations of an issue with what stands behind.
  rule('blocked_by', 'after', String.raw`\bblocked\s*[:=([]+NEARREF`),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:blocked|held up|gated|held back)(?:[\s-]+(?:by|on|until|behind))FARREF`,
  ),
  rule('blocked_by', 'after', String.raw`\b(?:unblocked (?:by|once|with))NEARREF`),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:depend(?:s|ing|ed)?|dependent|dependenc(?:y|ies)|relies|rely|relying|hinges|hangs)[\s-]+(?:up)?onFARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:requires|require|required|requiring)(?! by\b| for\b)FARREF`,
  ),
  rule(
    'blocked_by',
    'after',
    String.raw`\b(?:wait|waits|waiting|waited|stalled|pending|stuck|on hold|parked)(?:[\s-]+(?:for|on|until|behind|till))FARREF`,
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
    String.raw`\b(?:MUST|can(?: only)?|to|only)(?: be)? (?:land|start|starts|merge|merged|come|done|go in|begin|ship|happen|picked up|started) (?:only )?(?:after|once)NEARREF`,
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
    String.raw`\b(?:dependency|dependencies|blockers?)(?! (?:for|of|on|upon)\b)\b(?:\s*:|\s+(?:is|are|here:?|remain(?:s|ing)?)\b)?NEARREF`,
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
    String.raw`\b(?:un-?blocks?|unblocking|blocks?|blocking|holds? up|holding up|hold up)(?!\s+on\b)NEARREF`,
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
      /^(?:blocked(?: (?:by|on))?|blockers?|depends?(?: (?:up)?on)?|depending on|dependenc(?:y|ies)|requires?|requirements? first|wait(?:s|ing)?(?: (?:for|on))?|has to wait (?:for|on)|needs(?: first)?|pre-?requisites?|pre-?reqs?|preconditions?|what blocks this|on hold (?:for|until)|held up by)$/,
  },
  {
    means: 'blocks',
    pattern:
      /^(?:blocks|blocking|unblocks|will unblock|required (?:by|for)|needed (?:by|for)|(?:a )?(?:pre-?requisite|precondition) (?:for|of)|dependents|depended on by|what this blocks|is blocking|holds up)$/,
  },
  {
    means: 'related',
    pattern:
      /^(?:relat(?:ed|es)(?: to| issues| work)?|see also|see|references|refs|similar(?: to)?|fix(?:es)?|closes|resolves|duplicates?(?: of)?|part of|parent|epic|follow[ -]?ups?(?: to)?|caused by|split from|links|related links|background|history|nice to have|out of scope|not in scope|changelog|supersedes|replaces|context)$/,
  },
];

/** Words in front of a label that change nothing. */
export const labelLead =
  /^(?:we are |this (?:issue |one |ticket )?(?:is )?|is |currently |hard |still |strictly )+/;

/** What stands right in front of a relation, back to the last comma or conjunction. */
export const negation =
  /(?:\b(?:not(?! only\b| just\b)|instead of|rather than|avoid(?:s|ing)?|no longer|never|neither|nor|cannot|hardly|stop(?:s|ped)?|without|nothing|nobody|no)|n[’']t)(?: (?:really|actually|currently|directly|strictly|even|ever|any ?more|any longer|in fact|be|being|get|getting|have|has|had|need|needs|needing|going|seem|want|appear|to|a|an|been|at all|considered|marked as|necessarily|itself|here|is|are|this|it|longer|technically|hard|either|we|does|do|else|that|also|yet))*\s*$/;
/** The same behind the reference. */
export const negatedAfter =
  /^[\s)\]]*(?:(?:is|are|has been|have been) (?:gone|obsolete|dropped|removed|history|outdated)|any ?more|no longer|no more|[:(–—-]+\s*(?:no longer|not any ?more|obsolete|outdated|not true|wrong|no more|dropped|not needed|was wrong))\b/;
export const anyMore = /\bnot\b[^,;.]*\bany ?more\b/;

export const history =
  /\b(?:was|were|had been|used to(?: be| be waiting)?|got|formerly|previously|originally|initially|earlier|at first|back then|had to|in the past|last (?:week|sprint|month|year|spring|summer|autumn|fall|winter))\b(?: (?:once|also|still|originally|initially|previously|first|temporarily|long|being|to be|be|partly|really|indeed|briefly|just|only))*\s*$/;
/** Relations in the past tense by themselves. */
export const pastVerb =
  /^(?:depended|waited|required(?! (?:by|for))|blocked(?![\s-]+(?:by|on|until|behind))|needed(?! (?:by|for)))\b/;
export const historyAfter =
  /^[^,;.?]{0,20}\b(?:last (?:week|sprint|month|year|spring|summer|autumn|fall|winter)|back then|at (?:the|that) time|in the past|until (?:yesterday|recently|last|now)|before (?:it|that|they) (?:landed|was|were))\b/;

/** Anywhere before the relation, in its part of the sentence. */
export const hypothesis =
  /\b(?:if|unless|suppose|supposing|in case|imagine|pretend|hypothetically)\b|\b(?:would|could|might|may|probably|maybe|perhaps|possibly|potentially|supposedly|apparently|presumably|theoretically|i (?:think|guess|believe|suspect|assume)|(?:we|i|he|she|they) thought|thought that|doubt|seems?(?: to)?|rumou?r|claims?|[’']d)\b(?: [\w’']+){0,6}\s*$/;
export const hypothesisAfter = /^[^,;:.(]{0,40}?\s(?:if|unless|in case|were it)\b/;
export const question =
  /\b(?:whether|wonder(?:ing)?|unclear|not sure|unsure|no idea|does any(?:body|one)|is it true|ask(?:ed|ing)? (?:if|whether)|to be (?:checked|clarified|decided) (?:if|whether))\b/;

/** The subject of a relation is another issue: only such words stand between that reference and the verb. */
export const foreignSubject = /^[\s\w'’()]*$|^,?\s+(?:which|that|who)\b[\s\w'’()]*$/;
export const ownSubject =
  /\b(?:this|it|we|i|us|our|here|so|and|but|then|now|therefore|because|issue|first|please)\b/;

/** Colours are numbers too. */
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
export const negatedSubject = /\b(?:neither|none of|not)\s*$/;
export const example = /^\W*(?:e\.g\.?|for (?:example|instance)|examples?|z\.b\.)(?!\w)/;
