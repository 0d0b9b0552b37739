import type { DeclarationName } from './values.ts';

/** Labels in front of a value. A loose label also stands in front of other things: its value needs a unit. */
const labels: readonly {
  readonly name: DeclarationName;
  readonly loose?: true;
  readonly pattern: RegExp;
}[] = [
  {
    name: 'files',
    pattern:
      /^(?:(?:number of )?files(?: (?:to (?:modify|change|touch|edit)|touched|changed|modified|affected|involved))?|(?:affected|modified|changed) files|file count)$/,
  },
  { name: 'complexity', pattern: /^(?:implementation )?complexity$/ },
  { name: 'tests', pattern: /^(?:tests?|testing|test(?:ing)? (?:requirements?|effort|needs))$/ },
  { name: 'docs', pattern: /^(?:docs?|documentation(?: (?:requirements?|effort|needs))?)$/ },
  {
    name: 'total',
    pattern:
      /^(?:total estimated?(?: (?:context|tokens))?|estimated total(?: (?:context|tokens))?|total estimate|total (?:context|tokens)|estimated (?:context(?: size| usage)?|tokens|token (?:count|usage|budget))|token (?:estimate|budget|count))$/,
  },
  {
    name: 'total',
    loose: true,
    pattern:
      /^(?:(?:(?:rough|estimated|total|approx(?:imate)?|expected|overall|context|my|token|size) )*(?:total|size|estimate|estimation|context|budget|effort|guess|tokens?|sum)|(?:geschätzte[rs]? )?(?:schätzung|geschätzt|aufwand|umfang|gesamt|größe|gesamtschätzung|gesamtaufwand)(?: gesamt)?|estimation(?: totale)?|total estimé|taille|estimaci[óo]n(?: total)?|tama[ñn]o|total estimado|stima(?: totale)?|totale stimato|schatting|totaal(?: geschat)?|estimativa(?: total)?|szacunek|оценка)$/,
  },
  {
    name: 'agent',
    pattern:
      /^(?:(?:recommended|assigned|suggested|preferred|proposed|best|target) (?:agent|model)|agent(?: recommended)?|assign(?:ed)?(?: this)?(?: issue)?(?: to)?|empfohlener agent|agent recommandé|agente recomendado)$/,
  },
  {
    name: 'difficulty',
    pattern:
      /^(?:(?:overall|estimated|issue|task|expected) )?(?:difficulty(?: level| rating)?|schwierigkeit(?:sgrad)?|difficulté|dificultad|difficoltà|dificuldade|moeilijkheid(?:sgraad)?|trudność|poziom trudności|сложность|трудность|складність|难度|難易度|svårighetsgrad|vanskelighetsgrad|sværhedsgrad|vaikeusaste|zorluk|obtížnost|nehézség|난이도)$/,
  },
];

/** A line as label and value; undefined without a label. */
export function splitLabel(text: string) {
  const match =
    /^(.{2,60}?)(?:\s*[:：=|]|\s+[–—-]\s|\s+(?:is|are|would be|should be|ist|est|es)\b)\s*(.*)$/su.exec(
      text,
    );
  const short = match ?? /^(difficulty)\s+(\p{L}+\.?)$/iu.exec(text);
  if (short?.[1] === undefined) return undefined;
  const label = labelOf(short[1]);
  return label === undefined ? undefined : { ...label, value: short[2] ?? '' };
}

export function labelOf(text: string): { name: DeclarationName; loose: boolean } | undefined {
  if (text.length > 60) return undefined;
  const words = text
    .toLowerCase()
    .replace(/\([^()]*\)/g, '')
    .replace(/[^\p{L}\p{N} ]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(
      /^(?:(?:the|our|my|an?|its|this issue s|edit|update|also|and|with|die|der|la|le)\s)+/,
      '',
    );
  const found = labels.find(({ pattern }) => pattern.test(words));
  return found === undefined ? undefined : { name: found.name, loose: found.loose === true };
}
