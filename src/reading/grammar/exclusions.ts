import { fillIn } from './fragments.ts';
import type { HardReason, SoftReason } from '../mentions.ts';

/**
 * Words beside a reference that exclude it as a dependency, where no rule reaches it. A pattern without REF
 * counts for its part of the sentence.
 */
export interface Exclusion {
  readonly reason: Extract<
    HardReason | SoftReason,
    'negated' | 'hypothetical' | 'question' | 'history' | 'related' | 'third_party'
  >;
  /** It counts in sentences that speak of waiting as well. */
  readonly always?: true;
  readonly pattern: RegExp;
}

/** Hearsay: the writer reports a claim of somebody else. */
const reportedClaim = String.raw`(?:(?<!\bas )\b(?:some(?:body|one)|any(?:body|one)|every(?:body|one)|people|they|some|others|folks)(?: (?:also|once|had|has|have|will|always|here|there))* (?:sa(?:y|ys|id)|claim(?:s|ed)?|thinks?|thought|believe[sd]?|tells?|told|suspect(?:s|ed)?|suggest(?:s|ed)?|assume[sd]?|argue[sd]?|insist(?:s|ed)?)\b|\bi (?:have |once )?heard\b|\bhearsay\b|\bword has it\b|\bit (?:is|was|has been) (?:said|claimed|rumou?red|believed|assumed)\b|\b(?:told|assured) (?:me|us)\b|\brumou?rs?\b|\bi (?:was|am|have been) told\b|\bthe word is\b)[^,;:.]*`;
export const hearsay = new RegExp(`${reportedClaim}$`);

/** A reference as a subject, with what may stand between it and its verb. */
const subject = String.raw`REF[)\]"'”*]*(?:\s*\([^()]{0,80}\))?(?:,? (?:which|that|also|just|already|now|long|since|finally|recently|really|only|too))*,? `;
/** Things that are written down to be read. */
const record =
  '(?:details?|background|context|discussions?|threads?|explanations?|descriptions?|rationale|reasoning|reasons|history|info(?:rmation)?|notes|minutes|transcripts?|screen ?shots?|screencasts?|photos?|pictures?|images?|videos?|recordings?|mock-?ups?|sketch(?:es)?|drawings?|wireframes?|logs?|(?:stack ?)?traces?|numbers|figures|measurements|benchmarks?|results|statistics|charts?|graphs?|formulas?|examples?|samples?|snippets?|lists?|tables?|links?|summary|overview|analysis|reports?|proposals?|suggestions?|ideas?|arguments|pros and cons|spec(?:ification)?s?|steps|reproductions?|repros?|wording|texts?|drafts?|comments?|questions?|answers?|user stor(?:y|ies)|decisions?|survey|feedback|quotes?|colou?rs|icons?)';
/** Participles for an issue that is over. */
const past =
  '(?:decided|settled|agreed(?: (?:on|upon))?|rejected|declined|closed|merged|done|fixed|resolved|solved|finished|completed|shipped|released|landed|implemented|answered|abandoned|dropped|withdrawn|cancel+ed|discarded|discussed|clarified|dealt with|sorted out|handled|dismissed|ruled out|put to rest|over|history|old news|through|in place|water under the bridge)';
/** Participles for work that somebody left in an issue. */
const left =
  '(?:tried|seen|noticed|attached|uploaded|copied|taken|borrowed|quoted|collected|listed|outlined|sketched|measured|added|introduced|removed|changed|renamed|merged|fixed|done|did|built|made|shipped)';
/** Participles for words that somebody wrote in an issue. */
const said =
  '(?:asked|requested|wished|wrote|written|said|complained|reported|suggested|proposed|pointed out|explained|described|documented|discussed|mentioned|argued|answered|noted|told|posted|showed|shown|found|decided|agreed|settled|rejected|raised|wondered|promised)';

const own = { SUBJECT: subject, RECORD: record, PAST: past, LEFT: left, SAID: said };

function exclude(meaning: Omit<Exclusion, 'pattern'>, sources: readonly string[]): Exclusion[] {
  return sources.map((source) => ({ ...meaning, pattern: new RegExp(fillIn(source, own), 'gu') }));
}

/** The first exclusion that reaches a reference decides. */
export const exclusions: readonly Exclusion[] = [
  ...exclude({ reason: 'hypothetical', always: true }, [`${reportedClaim}REF`]),

  // Between two others.
  ...exclude({ reason: 'third_party', always: true }, [
    String.raw`\bCANNOT CARRYNEARREF (?:before|until|till|unless|without)NEARREF`,
    String.raw`REF,? CAN CARRY (?:once|after|as soon as|when)NEARREF`,
    String.raw`\b(?:once|as soon as|after|when)NEARREF (?:is |are |has |have )(?:been )?DONE,?(?: then)? REF CAN CARRY`,
  ]),

  // Nothing is needed of it.
  ...exclude({ reason: 'negated', always: true }, [
    String.raw`SUBJECT(?:need not|needn't|(?:do|does|did)(?: not|n't) (?:need|have) to)\b`,
    String.raw`\bin any order\b|\border (?:of [^.;]{0,60} )?(?:does not|doesn't) matter\b|\bwhichever (?:comes|is) first\b|\beither (?:this|REF) or (?:this|REF)`,
  ]),
  ...exclude({ reason: 'negated' }, [
    String.raw`SUBJECT(?:can|could|may) (?:go ahead|go on|proceed|ship|land|be (?:done|merged)) (?:on its own|anyway|regardless|alone|by itself)\b`,
    String.raw`\bno need (?:to|for) (?:\w+ )?(?:it|that|them|these|those|anything|any of (?:it|that|this)|REF)`,
    String.raw`\bnothing (?:(?:more|else|left|much) )?to \w+(?: (?:for|with|in|about|on|to|here|there|any ?more)\b|NEARREF|[.,;!)]|$)`,
    String.raw`\bno (?:\w+ )?(?:changes?|action|work|adjustments?|follow-up)(?: (?:is|are))?(?: (?:needed|required|necessary|planned))? (?:for|in|to|on|with)NEARREF`,
    String.raw`SUBJECT(?:needs? no|requires? no|has no|have no|plays? no|makes? no|sees no) (?:role|part|difference|changes?|action|work|attention|adjustments?|adaption|adaptation|impact|influence|effect|bearing|say)\b`,
    String.raw`SUBJECT(?:(?:is|are|was|were)(?: not|n't)|(?:does|do|did)(?: not|n't)) (?:be )?(?:affected|concerned|relevant|involved|offered|shown|used|touched|changed|included|covered|important|urgent|mandatory|essential|critical|a (?:must|concern|problem|factor)|part of|in scope|about this|our|matter|affect|concern|touch|change|apply|interfere|conflict|play|influence|come into)\b`,
    String.raw`SUBJECT(?:is |are |stays? |remains? |can be )?(?:as (?:it|they)|nothing|none of|another (?:story|matter|issue|thing|topic|problem)|a different|not related|(?:left )?(?:unaffected|unchanged|untouched|alone)|ignored|out of the picture|of no (?:concern|interest|importance|relevance)|free to stay|can stay)\b`,
    String.raw`\b(?:ignor(?:e|es|ing)|leav(?:e|es|ing) (?:out|aside)|skip(?:s|ping)?|(?:do not|don't|does not|doesn't|did not|didn't|will not|won't|never) (?:touch|affect|change|concern|conflict with|interfere with|replace|cover|include|mean))NEARREF`,
    String.raw`\b(?:separate|separately|distinct|apart|aside|orthogonal|unconnected) (?:from|to)NEARREF`,
  ]),

  // Wished for, or for another time.
  ...exclude({ reason: 'hypothetical' }, [
    String.raw`(?:^\W*should|\bif)NEARREF (?:ever|happens?|one day|some ?day)\b`,
  ]),
  ...exclude({ reason: 'question', always: true }, [
    String.raw`\b(?:not sure|unsure|unclear|no idea|wonder(?:ing)?|(?:do not|don't) know) (?:if|whether|how|what)\b[^,;:.]{0,100}REF`,
  ]),
  ...exclude({ reason: 'hypothetical' }, [
    String.raw`\boptionally\b|\boptional(?=\s*[^\p{L}\s]|\s*$|\s+(?:for|here|and|but|though|as|in|at)\b)|\bnice[ -]to[ -]have\b|\bstretch goal|\bnot (?:a must|mandatory|essential|vital|critical|urgent)\b`,
    String.raw`\b(?:would|might|may|could)(?: also)? (?:be (?:nice|good|great|cool|handy|helpful|useful|neat|fun|a bonus|a plus|worth)|help|come in handy)\b`,
    String.raw`\bif (?:there is|there's|time|we have|i have|you have|anyone has|somebody has|we get|you get|you feel|you|we|anyone|somebody)(?: (?:still|some|enough|any|spare|a))* (?:time|like|likes|want|wants|fancy|care|capacity|hour|afternoon|permits?|allows?)\b`,
    String.raw`\b(?:no (?:hurry|rush|pressure|priority)|not urgent|some ?day|one day|another time|low priority|bonus points?|as a bonus)\b`,
    String.raw`\b(?:could|might|may)(?: (?:also|maybe|even|perhaps|just))* (?:be )?(?:re-?used?|take|look at|borrow(?:ed)?|copy|copied|steal|combine[d]?|share[d]?)\b`,
    String.raw`\b(?:maybe|perhaps|possibly) (?:also )?(?:have|take|look|try|see|read|ask|worth|something|interesting|useful|helpful|a|the)\b`,
    String.raw`SUBJECT(?:is|are|would be) (?:an? |the |just |only |rather |a nice )*(?:\w+ )?(?:extra|bonus|plus|luxury|icing|wish|add-?on|alternative|option)\b`,
  ]),
  ...exclude({ reason: 'hypothetical', always: true }, [
    String.raw`\bif (?:it|that|this)(?:'s| is) (?:cheap|easy|simple|quick|small|not much|no trouble)\b`,
  ]),
  ...exclude({ reason: 'hypothetical' }, [
    String.raw`SUBJECT(?:can|could|may|might|will|should) (?:be (?:done|tackled|handled|addressed|fixed) |come |follow |happen |go )(?:later|separately|independently|in parallel|another time|at any time|any time)\b`,
  ]),

  // Settled, or already there.
  ...exclude({ reason: 'history', always: true }, [
    String.raw`\bwhen (?:we|i|they|he|she|you) (?:did|made|wrote|built|merged|shipped|reviewed|started|finished|tested|closed)NEARREF`,
  ]),
  ...exclude({ reason: 'history' }, [
    String.raw`\b(?:found|seen|noticed|discovered|spotted|came up|arose|surfaced)(?: [\w']+){0,4} (?:of|for|on|with)NEARREF`,
    String.raw`SUBJECT(?:(?:is|are|was|were|has|have|had|got|been|long|already|since|recently|finally|just|now|all) )+PAST\b`,
    String.raw`SUBJECT(?:removed|introduced|added|changed|moved|renamed|landed|shipped|broke|brought|caused|fixed|dropped|rewrote|replaced|deleted|merged|taught|solved|closed|settled|decided|went (?:in|out|live)|made|split|cleaned|tried|took|got rid|did (?:the|this|that|it|not)|(?:was|were) (?:an? |the |just |only |about |for |too |our |my |another ))\b`,
    String.raw`(?:^|[,;:(]\s*|\b(?:was|were|been|had|have|has|we|i|you|they|as|already|once|just|first|all|originally|initially|previously|\w+ly) )LEFT(?: (?!to\b)[\w']+){0,4}? (?:in|by|with|to|at|from|under|for|on|as part of|during|along with)NEARREF`,
    String.raw`(?<!\b(?:be|is|are|being|gets?|to|will|should|not|n't) )\bSAID(?: (?!to\b)[\w']+){0,4}? (?:in|on|under|at|by|with)NEARREF`,
    String.raw`(?<!\b(?:be|is|are|being|gets?|to|will|should|not|n't) )\b(?:merged|shipped|released|landed|rejected|decided|dropped|abandoned|cancelled|deployed|discussed|renamed|settled|gave up on|gave up|given up on)NEARREF`,
    String.raw`(?:^\W*|\b(?:back|already|as) )inNEARREF,? (?:(?!is\b|are\b|be\b|will\b|gets?\b)[\w']+ ){1,3}(?:\w+ed|chose|took|went|had|was|were|said|wrote|found|made|did|saw|put|got|gave)\b`,
  ]),
  ...exclude({ reason: 'history', always: true }, [
    String.raw`\b(?:found|seen|noticed|discovered|spotted|came up|occurred|stumbled|hit|saw)(?: [\w']+){0,4} (?:while|when|during) (?:\w+ing|the \w+)(?: (?:of|on|for|with|in))?NEARREF`,
  ]),
  ...exclude({ reason: 'history' }, [
    String.raw`\bthanks toNEARREF`,
    String.raw`\b(?:tried|did|had|saw|found|decided|discussed|copied|took|borrowed) (?:that |this |it |them |all |so )?(?:already )?(?:in|with|from|under)NEARREF`,
    String.raw`\b(?:ever )?sinceNEARREF (?:the|we|it|this|our|all|every|there|i|users?|people|nobody|everything)\b`,
    String.raw`\bregress(?:ed|es|ion) withNEARREF`,
  ]),

  // A place where something is to be read.
  ...exclude({ reason: 'related' }, [
    String.raw`\b(?:discussed|mentioned|described|decided|reported|came up|handled|covered|tracked|addressed|dealt with|taken care of) (?:separately |elsewhere )?(?:in|by|under)NEARREF`,
    String.raw`\b(?:left ?overs?|fall-?out|aftermath|remains|remnants?|relics?|by-?products?|spin-?offs?|follow-?ups?|carved out|cut out|broken out|pulled out|grew out)(?: (?:of|from|to|the|in|\w+))? (?:of|from|in|to)NEARREF`,
    String.raw`\b(?:same|similar|identical) (?:[\w'-]+ ){1,3}?(?:as|to|like|of)NEARREF`,
    String.raw`\b(?:conflicts?|collides?|collisions?|overlaps?|clash(?:es)?|interferes?|mix(?:ed|es)?|confused?|compared?|together|busy|familiar) (?:(?:this|it|up) )?with(?: the \w+ (?:in|of|from))?NEARREF`,
    String.raw`\b(?:affects?|touches|works? on|working on|worked on)NEARREF`,
    String.raw`\b(?:thanks?|thank you|kudos|sorry|(?:great|good|nice) (?:work|job)|meeting|talk(?:ed|ing)?|chat|call|questions?|mail)(?: \w+){0,2} (?:for|in|on|about|around)NEARREF`,
    String.raw`\b(?:authors?|reporters?|customers?|reviewers?) (?:of|from|in|behind)NEARREF`,
    String.raw`(?:^\W*|\b)(?:fyi|cc|btw|by the way|side note|ps)\b[^.]{0,30}REF`,
    String.raw`SUBJECT(?:(?:does|did) (?:the same|that|this)|(?:would|might|may|could|will) (?:also )?(?:profit|benefit)|gets? (?:faster|better|simpler|smaller)|looks?|looked|sounds?|seems?) ?`,
    String.raw`\b(?:copied|borrowed|adopted|imitates?|follows?|keeps?|mirrors?)(?: the)? (?:\w+ )?(?:of|from)NEARREF`,
    String.raw`SUBJECT(?:has|have|contains?|holds|lists?|shows?|collects|got) (?:(?!not\b|to\b)[\w'-]+ ){0,4}RECORD\b`,
    String.raw`SUBJECT(?:explains?|describes?|discuss(?:es)?|documents|mentions?|talks? about|illustrates?|summari[sz]es?|says|goes into|is about|proposes?|suggests?|reports?|asks?|argues?|compares?|shows?|tells? the|is (?:the )?(?:same|similar|another|an? (?:example|similar|different|old|separate)))\b`,
    String.raw`\b(?:RECORD|more|everything|rest)(?: (?!to\b|with\b)[\w']+){0,3}? (?:in|at|under|from|on|attached to)NEARREF`,
    String.raw`(?:^\W*|\bback )inNEARREF there (?:is|are|was|were)\b`,
    String.raw`\b(?:style|look|spirit|manner|tone|naming|colou?rs|steps|those)(?: (?:and feel|to \w+|are|is|the same|those))* (?:of|as|as in|like)NEARREF`,
    String.raw`\b(?:opened|filed|created|reported|started) (?!by\b|for\b)REF`,
    String.raw`\b(?:moved|goes|go|belongs?|postponed|deferred|delegated|left)(?: out)? (?:to|into|for)NEARREF`,
    String.raw`SUBJECT(?:is|are) (?:being )?(?:handled|tracked|owned|worked on|taken care of|looked after) (?:by|elsewhere|separately|in)\b`,
    String.raw`\bRECORD\s*:NEARREF`,
    String.raw`\b(?:for|as) (?:(?:some|more|further|the|a) )?(?:RECORD|inspiration|reference|the record|comparison|completeness|more|the curious|an? \w+)\b[^.]{0,30}REF`,
    String.raw`\b(?:read|look(?:ed|ing)? (?:at|into)|check(?:ed)?|consult|cp\.?|as (?:in|with|for|explained in|shown in|seen in|before in)|just like|unlike|analog(?:ous(?:ly)?)? to|model+ed (?:on|after)|found in|quoted from|copied from|taken from|documented in|explained in|noted in|listed in|outlined in|proposed in|suggested in)NEARREF`,
  ]),
];

/** Words of waiting. No exclusion without `always` decides a sentence that contains them. */
export const waiting =
  /\b(?:before|until|till|unless|once|as soon as|as long as|when|whenever|while|after|afterwards|first|then|wait\w*|block\w*|unblock\w*|depend\w*|dependenc\w*|requir(?:es?|ing|ements?)|(?<!not )required|prerequisites?|pending|(?<!\b(?:no|not|n't|don't|doesn't) )need(?:s|ed|ing)?\b(?! not?\b)|(?<!\ba )must|(?<!\b(?:not|n't) )(?:has|have|had) to|cannot|can not|can't|can only|couldn't|could not|impossible|possible only|only (?:possible|works?|when|with|if)|no sense|pointless|useless|yet|missing|lacks?|(?<!with or )without|on top of|holds? up|holding up|(?:goes?|comes?) (?:first|before|after|with|next|only)|rests|still|(?:has|have|is|are) not (?:been |yet |there|ready|done|merged|in\b|finished|available|running|delivered|written|built|released)|(?:has|have)n't|nobody has|decides? (?:about|on|over|whether|which|how)|stuck|parked|stalled|builds? (?:up)?on|hinges|relies|rely|otherwise|rather not|not start|right after|as a result|enables?|allows?|lets us|make it possible)\b/;
