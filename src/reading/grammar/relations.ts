import { fillIn, noun } from './fragments.ts';

/** A phrase that says how a reference stands to this issue. */
export interface Rule {
  readonly means: 'blocked_by' | 'blocks' | 'related' | 'part_of' | 'history' | 'not_a_reference';
  /** `flip`: the reference is the subject; its MODS are searched for negations as well. */
  readonly form: 'after' | 'flip';
  /** The words themselves say that it is not so. */
  readonly negated?: true;
  readonly pattern: RegExp;
}

function rulesOf(meaning: Omit<Rule, 'pattern'>, sources: readonly string[]): Rule[] {
  return sources.map((source) => {
    const pattern = new RegExp(fillIn(source), source.includes('\\p{') ? 'gu' : 'g');
    return { ...meaning, pattern };
  });
}

/** The first rule that reaches a reference decides. */
export const rules: readonly Rule[] = [
  // Not a reference at all.
  ...rulesOf({ means: 'not_a_reference', form: 'flip' }, [
    String.raw`REF[\s-]+(?:top\s+)?(?:priority|choice|reason|goal|concern|request|complaint|source|cause|problem|rule|fan|thing|pick|ask|seller|risk|topic|enemy|feature|wish|objective|aim)\b`,
  ]),
  ...rulesOf({ means: 'not_a_reference', form: 'after' }, [
    String.raw`\b(?:number|step|rule|item|section|chapter|page|build|run|figure|line|option|question|case|attempt|row|column|room|order|invoice|pipeline|point|slot|player|channel|unit|job|worker|day|week|sprint|round|version|colou?r|hex)\s+REF`,
  ]),

  // Independence in words of its own, and plain need.
  ...rulesOf({ means: 'blocked_by', form: 'flip' }, [
    String.raw`REFMODS(?:needed|required|necessary)(?! (?:by|for)\b)`,
  ]),
  ...rulesOf({ means: 'blocked_by', form: 'after', negated: true }, [
    String.raw`\b(?:no|without any|without a|(?:drop(?:s|ped|ping)?|remov(?:es?|ed|ing)) the) (?:\w+ )?(?:dependency|dependencies|dependence|reliance) onNEARREF`,
    String.raw`\b(?:independent(?:ly)? (?:of|from)|regardless of|with or without|in parallel (?:with|to)|not (?:connected|linked|tied|coupled|bound|relevant|to be (?:confused|mixed up)) (?:to|with|for)|no (?:influence|impact|effect|bearing|relation|connection|link|conflict|overlap) (?:on|to|with|for)|(?:even (?:though|if|with)|although|despite|in spite of)|(?:can|could|will|should|may)(?: (?:be|also|easily|well|just|even))* (?:done|go|start|land|ship|shipped|live|work|built|finished|run|tested|merged)(?: \w+)? without|(?<!\b(?:nothing|nobody|never|not|n't) )(?:works|runs|goes|possible|fine) without|decoupled from|nothing to do with|without (?:waiting (?:for|on)|needing)|can (?:go|start|land|ship) (?:without|before)|do without)NEARREF`,
    // What other languages deny in the plainest words; what they claim is left to the model.
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
  ]),

  // The reference is the subject.
  ...rulesOf({ means: 'blocked_by', form: 'flip' }, [
    String.raw`REFMODS(?:blocks?|blocking|holds? up|holding up|gates?|unblocks?|delays?) (?:(?:both )?SELF|us\b|me\b|the work\b|everything\b)`,
    String.raw`REFMODS(?:a |the |our |another |one |hard |direct )*(?:blockers?|prerequisites?|pre-requisites?|preconditions?|dependenc(?:y|ies))(?: (?:for|of|to|here)(?: SELF)?| here)?(?=[^\w\s]|\s*$| (?:as|because|since|and)\b)`,
    String.raw`REFMODSMUST(?: to)? LAND (?:first|before (?:SELF|we|anything)|beforehand)`,
    String.raw`REFMODS(?:needed|required|necessary) (?:first|beforehand|for SELF|by SELF|here|before SELF)`,
    String.raw`REFMODS(?:comes?|goes|lands?) (?:first|before SELF)`,
  ]),
  ...rulesOf({ means: 'blocks', form: 'after' }, [
    String.raw`\bCANNOT CARRYNEARREF (?:before|until|till|unless|without) SELF`,
  ]),
  ...rulesOf({ means: 'blocked_by', form: 'flip' }, [
    String.raw`(?:^|[,;:(]\s*|\b(?:do|finish|merge|land|fix|close|complete|ship)\s+)REF (?:first\b|before (?:SELF|we|anything))`,
  ]),
  ...rulesOf({ means: 'blocks', form: 'flip' }, [
    String.raw`REFMODSCANNOT CARRY (?:before|until|till|unless|without) SELF`,
    String.raw`REFMODSCAN CARRY (?:once|after|as soon as|when) SELF`,
    String.raw`REFMODS(?:depends? (?:up)?on|requires?|needs?|(?:blocked|held up|gated|on hold|unblocked) (?:by|on|until|behind|once)|(?:(?:has|have|needs?) to |must |should )?wait(?:s|ing)? (?:for|on|until|till)|comes? after|goes after|depending on|hangs? on|relies on|rely on) (?:SELF|us\b|ours\b)`,
  ]),
  ...rulesOf({ means: 'related', form: 'flip' }, [
    String.raw`REFMODS(?:merely )?(?:related|similar|a duplicate)\b`,
  ]),
  ...rulesOf({ means: 'blocked_by', form: 'flip', negated: true }, [
    String.raw`REFMODS(?:unrelated|irrelevant|obsolete|out of scope)\b`,
  ]),

  // The parent or epic of this issue: "blocked by the epic #12" waits for it.
  ...rulesOf({ means: 'part_of', form: 'after' }, [
    String.raw`WAITLESS(?:(?:(?:the |its )?(?:first|second|third|fourth|fifth|last|final|next|one|\d+(?:st|nd|rd|th)?) (?:out )?of (?:the )?(?:\w+ )?parts|part(?: COUNTER(?: ?(?:\/|of) ?COUNTER)?)?|sub-?(?:task|issue|ticket)|child(?: issue| task| ticket)?) of|sub-?(?:task|issue|ticket) (?:to|for|in)|belongs (?:to|under)|(?:parent|epic|umbrella|tracking issue)(?:[ -](?:issue|epic|story|task|ticket|link))?(?: is)?(?! (?:of|for)\b))NEARREF`,
  ]),

  // Other relations.
  ...rulesOf({ means: 'related', form: 'after' }, [
    String.raw`\b(?:relat(?:ed|es|ing|ion)(?: issues?)?(?: to| with)?|see(?: also)?|similar(?: to)?|same (?:as|in)|like|compare|cf\.?|fix(?:es|ed)?(?: by| in| with)?|(?<!\b(?:cannot|can't|can not|to) )clos(?:es|ed|e)(?: by| in)?|resolv(?:es|ed|e)(?: by| in)?|duplicates?(?: of)?|dup(?:e)?(?: of)?|split (?:off |out )?(?:from|of|out of)|spun off from|extracted from|(?:parent|epic)(?: issue)? (?:of|for)|follow[ -]?up(?: to| of| for| from)?|follows(?: up)?(?: on)?|caused by|broken by|introduced (?:by|in|with)|regress(?:ed|ion)(?: from| of| in| since| by)?|refs?|references?|reference to|supersed(?:es|ed)(?: by)?|replac(?:es|ed)(?: by)?|revert(?:s|ed)?|successor (?:of|to)|predecessor|continuation of|tracked (?:in|by)|tracks|unrelated to|different from|not to be confused with|in the spirit of|inspired by|cherry[ -]picked from|backport (?:of|from)|addresses|implements|covers|verwandt mit|siehe(?: auch)?|voir(?: aussi)?|v[ée]ase|zie(?: ook)?|vedi)NEARREF`,
  ]),

  // Order: what is not to happen before, and what can happen after.
  ...rulesOf({ means: 'blocked_by', form: 'after' }, [
    String.raw`\bCANNOT CARRY(?: (?:(?:on )?this(?: one| issue| pr)?|it|anything|any of this|here))? (?:before|until|till|unless|without)NEARREF`,
    String.raw`\b(?:once|as soon as|after|when)NEARREF (?:is |are |has |have |gets )(?:(?:been|finally|fully|both|all) )?DONE,? (?:then )?(?:we|this(?: one)?|it|i|work)\b(?: (?:issue|pr|work))? CAN CARRY`,
  ]),
  ...rulesOf({ means: 'blocks', form: 'after' }, [
    String.raw`\b(?:once|as soon as|after|when) SELF (?:is |has |gets )(?:(?:been|finally|fully) )?DONE,?(?: then)?NEARREF CAN CARRY`,
  ]),

  // Named only to say that it is not, or no longer, meant.
  ...rulesOf({ means: 'history', form: 'after' }, [
    String.raw`\b(?:was|were|formerly|previously|former|old)\s+REF`,
  ]),
  ...rulesOf({ means: 'blocked_by', form: 'after', negated: true }, [
    String.raw`\b(?:not|no longer)(?: (?:by|on|for))?\s+REF`,
  ]),

  // The relations of an issue with what stands behind.
  ...rulesOf({ means: 'blocked_by', form: 'after' }, [
    String.raw`\bblocked\s*[:=([]+NEARREF`,
    String.raw`\b(?:blocked|held up|gated|held back)(?:[\s_-]+(?:by|on|until|behind))FARREF`,
    String.raw`\b(?:unblocked (?:by|once|with))NEARREF`,
    String.raw`\b(?:depend(?:s|ing|ed)?|depend[ae]nt|dependenc(?:y|ies)|relies|rely|relying|hinges|hangs)[\s-]+(?:up)?onFARREF`,
  ]),
  ...rulesOf({ means: 'blocks', form: 'after' }, [
    String.raw`\b(?:needs?|needing|needed|requires?|requiring|required) (?:SELF|it|(?:this|these)(?: (?:changes?|features?|work|ones|issues))?) (?:for|in)NEARREF`,
  ]),
  ...rulesOf({ means: 'blocked_by', form: 'after' }, [
    String.raw`\b(?:requires|require|required|requiring)(?! by\b| for\b)FARREF`,
    String.raw`\b(?:wait|waits|waiting|waited|stalled|pending|stuck|on hold|hold(?: off)?|parked)(?:[\s-]+(?:for|on|until|behind|till))FARREF`,
    String.raw`\b(?:needs?|needing|needed)(?! (?:by|for|to)\b)FARREF`,
    String.raw`\bafterNEARREF(?:\s*\([^()]*\))? (?:is |are |has |have |gets )?(?:(?:been|finally|fully|both|all) )?DONE`,
    String.raw`\b(?:MUST|can(?: only)?|to|only)(?: be)? (?:land|start|starts|merge|merged|come|done|go in|begin|ship|happen|picked up|started) (?:only )?(?:after|once|as soon as|when)NEARREF`,
    String.raw`^\W*(?:please |to |only )*CARRY(?: (?:this(?: one| issue| pr)?|it|anything|any of this|here))? (?:only )?(?:after|once)NEARREF`,
    String.raw`(?:^\W*|\b(?:this|it) )(?:comes|goes|follows) (?:only )?afterNEARREF`,
    String.raw`\bonly (?:possible|doable|feasible|makes sense) (?:after|once|with)NEARREF`,
    String.raw`(?:^\W*|\b(?:is|are|still) )(?:pending|await(?:s|ing)|stacked on(?: top of)?)NEARREF`,
    String.raw`(?:\b(?:not|cannot|never|impossible|nothing)|n[’']t)\b[^,;.]{0,60}?\b(?:until|before|unless|without|as long as)NEARREF(?:\s*\([^()]*\))? (?:BE )?(?:(?:been|finally|not|n[’']t) )?DONE`,
    String.raw`\b(?:pre-?requisites?|preconditions?|pre-?reqs?)(?! (?:for|of|to)\b)(?: (?:is|are|here is|here are))?NEARREF`,
    String.raw`\b(?:(?:dependency|dependencies)(?! \()|blockers?)(?! (?:for|of|on|upon)\b)\b(?:\s*:|\s+(?:is|are|here:?|remain(?:s|ing)?)\b)?NEARREF`,
    String.raw`\b(?:blocks?|blocking|hold(?:s|ing)? up)\s+onNEARREF`,
  ]),
  ...rulesOf({ means: 'blocks', form: 'after' }, [
    String.raw`\b(?:required|needed|necessary|depended (?:up)?on|awaited)[\s-]+(?:by|for)(?!OURS)FARREF`,
    String.raw`\b(?:pre-?requisites?|preconditions?|blockers?|dependency)[\s-]+(?:for|of)(?!OURS)FARREF`,
    String.raw`\b(?:un-?blocks?|unblocking|blocks?|blocking(?! (?:${noun})\b\s*:)|holds? up|holding up|hold up)(?!\s+on\b)NEARREF`,
    String.raw`(?:^[\W_]*|\b(?:this|it|which|also|and|we|change|will|to|issue|pr|ticket|work)\s+)(?:blocks?|un-?blocks?)(?!\s+on\b|OURS)FARREF`,
    String.raw`\b(?:MUST|to|should|this|it)(?: be)? (?:land|lands|merged|merge|done|finished|go in|fixed|in|complete[d]?) beforeNEARREF`,
  ]),
  ...rulesOf({ means: 'history', form: 'after' }, [String.raw`\b(?:un)?blockedNEARREF`]),
  ...rulesOf({ means: 'part_of', form: 'flip' }, [
    String.raw`REFMODS(?<=\b(?:is|are)[\s,:]+)(?:the |our |its )?(?:parent|epic|umbrella)(?:[ -](?:issue|epic|story|task|ticket))?(?= (?:of|for) (?:SELF|us\b)|[^\w\s-]|\s*$)`,
  ]),
];
