import { simplify } from './clauses.ts';
import { parts } from './parts.ts';
import { anyOf, readTable } from './pattern.ts';

/** Relation that a heading, label or first cell gives to the references under or beside it. */
export type Scope = 'blocked_by' | 'blocks' | 'related' | 'part_of';
const scopes = ['blocked_by', 'blocks', 'part_of', 'related'] as const satisfies Scope[];

/** Words of a heading, label, first cell or trailer that name a relation. */
const table = String.raw`
blocked_by
  blocked( (by|on))?|blockers?|depend(s|ing)?( (up)?on)?|dependenc(y|ies)|requires?|held up by
  (has to )?wait(s|ing)?( (for|on))?|await(s|ing)|pending|needs( first)?|on hold( (for|until))?
  pre ?requisites?|pre ?reqs?|preconditions?
  ((issues|prs|tickets|tasks|things|what) (that |which )?(is |are )?)?(blocks?|blocking) this
blocks
  (is )?blocks|blocking|is blocking|(will )?unblocks?|(required|needed) (by|for)|depended on by
  (a )?(pre ?requisite|precondition) (for|of)|dependents|what this blocks|holds up
  ((issues|prs|tickets|tasks|things|what|those) (that |which )?(is |are )?)?(blocked by|waiting (for|on)|depend(s|ing|ent)? on) this
part_of
  (a |one )?(part|sub ?task|sub ?issue|sub ?ticket|child)( (issue|task|ticket))? of|belongs to
  (parent|epic|umbrella|tracking)( (issue|epic|story|task|ticket|link))?
related
  relat(ed|es)( to| issues| work)?|see( also)?|references|refs|similar( to)?|fix(es)?|closes
  resolves|duplicates?( of)?|follow ?ups?( to)?|caused by|split from|(related )?links|background
  history|discussion|nice to have|optional|bonus|someday|later|not (in|part of) this|not here
  not now|fyi|cc|(out of|not in) scope|changelog|supersedes|replaces|context|for (context|reference) only
`;
const patterns = readTable(table).map(({ name, lines }) => ({
  means: scopes.find((scope) => scope === name),
  pattern: new RegExp(`^${anyOf(lines, parts)}$`),
}));

/** Words beside a label that do not change its meaning. */
const lead =
  /^(?:we are |this (?:issue |one |ticket )?(?:is )?|is |currently |hard |still |strictly )+/;
const tail =
  /(?: (?:on )?(?:these|the following|other))?(?: (?:issues?|prs?|pull requests?|tickets?|tasks?))?$/;
/** Label that stands above blockers and above blocked issues alike. */
const ambiguous = /^blocking (?:issues?|prs?|pull requests?|tickets?|tasks?|bugs?|stor(?:y|ies))$/;

/** The relation that a heading, label or first cell names; undefined when it names none. */
export function scopeOf(text: string): Scope | undefined {
  if (text.length < 3 || text.length > 80) return undefined;
  const said = simplify(text)
    .replace(/[^\p{L}\p{N} -]+/gu, ' ')
    .replace(/(?<=\w)-(?=\w)|\s+/g, ' ')
    .replace(/^[\d\s-]+|[\s-]+$/g, '')
    .replace(lead, '');
  const relation = ambiguous.test(said) ? '' : said.replace(tail, '');
  return patterns.find(({ pattern }) => pattern.test(relation))?.means;
}
