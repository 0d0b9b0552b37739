import { simplify } from './clauses.ts';
import { noun } from './fragments.ts';

/** Relation that a heading, label or first cell gives to the references under or beside it. */
export type Scope = 'blocked_by' | 'blocks' | 'related' | 'part_of';

/** Words of a heading, label or first cell that name a relation. */
const labels: readonly { readonly means: Scope; readonly pattern: RegExp }[] = [
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
    means: 'part_of',
    pattern:
      /^(?:(?:a |one )?(?:part|sub ?task|sub ?issue|sub ?ticket|child)(?: (?:issue|task|ticket))? of|belongs to|(?:parent|epic|umbrella|tracking)(?: (?:issue|epic|story|task|ticket|link))?)$/,
  },
  {
    means: 'related',
    pattern:
      /^(?:relat(?:ed|es)(?: to| issues| work)?|see also|see|references|refs|similar(?: to)?|fix(?:es)?|closes|resolves|duplicates?(?: of)?|follow[ -]?ups?(?: to)?|caused by|split from|links|related links|background|history|discussion|screenshots?|mock-?ups?|nice to have|optional|bonus|someday|later|not (?:in|part of) this|not here|not now|fyi|cc|out of scope|not in scope|changelog|supersedes|replaces|context)$/,
  },
];

/** Label that stands above blockers and above blocked issues alike. */
const ambiguousLabel = new RegExp(`^blocking (?:${noun})$`);

/** Words in front of a label that do not change its meaning. */
const labelLead =
  /^(?:we are |this (?:issue |one |ticket )?(?:is )?|is |currently |hard |still |strictly )+/;

/** The relation that a heading, label or first cell names; undefined when it names none. */
export function scopeOf(text: string): Scope | undefined {
  if (text.length < 3 || text.length > 80) return undefined;
  const words = simplify(text)
    .replace(/[^\p{L}\p{N} -]+/gu, ' ')
    .replace(/(?<=\w)-(?=\w)|\s+/g, ' ')
    .replace(/^[\d\s-]+|[\s-]+$/g, '')
    .replace(labelLead, '');
  if (ambiguousLabel.test(words)) return undefined;
  const relation = words.replace(
    /(?: (?:on )?(?:these|the following|other))?(?: (?:issues?|prs?|pull requests?|tickets?|tasks?))?$/,
    '',
  );
  return labels.find(({ pattern }) => pattern.test(relation))?.means;
}
