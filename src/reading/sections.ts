import { difficultyWords } from '../issue/difficulty.ts';
import type { Passage } from './markdown.ts';
import { documentationLevels, levels, type Difficulty } from '../issue/reading.ts';

/** A value found in the text, with the line it stands in. */
export interface Found<T> {
  readonly value: T;
  readonly evidence: string;
  /** Another value that the text gives for the same further down. */
  readonly other?: T;
}

/** What the tracker template's sections declare; what is missing or unreadable is left out. */
export interface Declared {
  total?: Found<number>;
  agent?: Found<string>;
  difficulty?: Found<Difficulty>;
  files?: Found<number>;
  complexity?: Found<(typeof levels)[number]>;
  tests?: Found<(typeof levels)[number]>;
  docs?: Found<(typeof documentationLevels)[number]>;
}

type Name = keyof Declared;

/** What people write in front of a value. A loose label also stands in front of other things: its value needs a unit. */
const labels: readonly { readonly name: Name; readonly loose?: true; readonly pattern: RegExp }[] =
  [
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

/** One line as it is read for values. */
interface Line {
  readonly text: string;
  readonly heading: boolean;
  /** What is struck through in it. */
  readonly struck: string;
}

/** A longer line is no template line. */
const lineLimit = 500;

/**
 * The values a text declares about its own issue: template lines ("Total estimated: 46,800 tokens"), rows
 * of a table, sections ("## Difficulty") and short sentences ("Assign to opus."). The first readable value
 * of each kind counts.
 */
export function readDeclared(
  passages: readonly Passage[],
  agentNames: readonly string[],
): Declared {
  return readLines(
    passages.flatMap((passage) => (passage.kind === 'title' ? [] : linesOf(passage))),
    agentNames,
  );
}

/** The same for a text that was not parsed: its template lines alone, by their look. */
export function readSections(body: string, agentNames: readonly string[]): Declared {
  const lines = [...textLines(body)].filter((line) => line.length <= lineLimit);
  return readLines(
    lines.map((line) => ({ text: plain(line), heading: /^#{1,6}\s/.test(line), struck: '' })),
    agentNames,
  );
}

function readLines(lines: readonly Line[], agentNames: readonly string[]): Declared {
  const declared: Declared = {};
  const read = (name: Name, value: string, evidence: string, loose = false) =>
    keepValue(declared, name, { value, evidence, loose, agentNames });
  let section: Name | undefined;
  for (const line of lines) {
    if (line.text.length > lineLimit) continue;
    const text = line.text.replace(/^[\s\-*•·▪+]+|^\d+[.)]\s+/g, '').trim();
    if (text === '') continue;
    const bare = labelOf(text.replace(/[\s:：?]+$/, ''));
    const box = /^\[([ xX])\]\s+(.*)$/.exec(text);
    if (section !== undefined && box !== null) {
      // One of several choices.
      if (box[1] !== ' ') read(section, box[2] ?? '', text, true);
      continue;
    }
    if (line.heading || bare !== undefined) {
      section = bare?.name;
      if (bare !== undefined) continue;
    }
    if (!readLine(text, line.struck, read) && section !== undefined)
      read(section, text.replace(/^level\s*[:=]\s*/i, ''), text, true);
    if (!line.heading) section = undefined;
  }
  return declared;
}

type Read = (name: Name, value: string, evidence: string, loose?: boolean) => void;

/** Reads the sentences of a line, and the labelled parts of each; true when there was a label. */
function readLine(text: string, struck: string, read: Read): boolean {
  let labelled = false;
  for (const sentence of text.split(/(?<=[.!?])\s+(?=\p{Lu})/u)) {
    const parts = sentence.split(/[,;|·•/]\s+(?=\p{L}[^,;|]{1,40}?\s?[:=])/u);
    for (const part of parts) {
      const found = splitLabel(part);
      if (found === undefined) break;
      labelled = true;
      read(found.name, found.value, part === text ? text : part.trim(), found.loose);
    }
    readProse(sentence, read);
  }
  if (!labelled && struck !== '') {
    // Only the old value, or all of the old line, was struck: its label still holds.
    const old = splitLabel(struck);
    if (old !== undefined) read(old.name, text, text, old.loose);
  }
  return labelled;
}

function splitLabel(text: string) {
  const match =
    /^(.{2,60}?)(?:\s*[:：=|]|\s+[–—-]\s|\s+(?:is|are|would be|should be|ist|est|es)\b)\s*(.*)$/su.exec(
      text,
    );
  const short = match ?? /^(difficulty)\s+(\p{L}+\.?)$/iu.exec(text);
  if (short?.[1] === undefined) return undefined;
  const label = labelOf(short[1]);
  return label === undefined ? undefined : { ...label, value: short[2] ?? '' };
}

function labelOf(text: string): { name: Name; loose: boolean } | undefined {
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

/** Sentences that state a value without a label. */
function readProse(sentence: string, read: Read): void {
  if (
    sentence.includes('?') ||
    /\b(?:not|n[’']t|never|instead of|rather than|if|would|was|were)\b/i.test(sentence)
  )
    return;
  const size =
    /^(?:(?:so|my|our|the|a|i|we|it|this|should|will|is|be|issue|rough|roughly|total|context|whole|thing|i'd|would|say|needs?|takes?|have)\s+)*(?:estimated?s?|guess|estimate is|size[ds]?|estimation|needs?|takes?|costs?|about|around|roughly|approx\.?|circa|schätze)\b[^.;:()\d]{0,30}?(~?\d[\d,.  ]*\s*(?:k|m)?\s*tokens?\b.*)$/i.exec(
      sentence,
    )?.[1];
  if (size !== undefined) read('total', size, sentence.trim(), true);
  const agent =
    /^(?:please\s+|then\s+|i'd\s+|let's\s+)*(?:assign|give|hand)(?:ed)?(?:\s+(?:this|it))?(?:\s+(?:issue|one|ticket|task|over))?\s+to\s+(.+)$/i.exec(
      sentence,
    )?.[1] ??
    /^(?:best|to be|should be|can be|this (?:is|should be)|it should be)?\s*(?:best\s+)?(?:done|handled|taken|picked up|implemented)\s+by\s+(.+)$/i.exec(
      sentence,
    )?.[1];
  if (agent !== undefined) read('agent', agent, sentence.trim());
}

interface Given {
  readonly value: string;
  readonly evidence: string;
  readonly loose: boolean;
  readonly agentNames: readonly string[];
}

function keepValue(
  declared: Declared,
  name: Name,
  { value, evidence, loose, agentNames }: Given,
): void {
  const text = value.replace(
    /^(?:[\s:=→|<>~≈"'“`([@-]|->|(?:now|new|about|approx\.?|approximately|around|roughly|circa|ca\.?|currently|probably|likely|it is|it's|is|only|just|very|quite|rather|fairly|pretty|relatively|at most|up to|sehr|eher|plutôt|très|muy)(?=\s)\s)+/i,
    '',
  );
  switch (name) {
    case 'files':
      return keep(declared, name, smallCount(text), evidence);
    case 'total':
      return keep(declared, name, loose ? withUnit(text) : parseTokens(text), evidence);
    case 'agent':
      return keep(declared, name, agentIn(text, agentNames), evidence);
    case 'difficulty':
      return keep(declared, name, levelIn(text), evidence);
    case 'complexity':
    case 'tests':
      return keep(
        declared,
        name,
        levels.find((level) => level === levelIn(text)),
        evidence,
      );
    case 'docs': {
      const word = wordOf(text);
      return keep(
        declared,
        name,
        documentationLevels.find((level) => level === word) ?? undefined,
        evidence,
      );
    }
  }
}

/** The first word, if it stands for itself: not `low-hanging`, not `medium/high`, not `hard to say`. */
function wordOf(text: string): string | undefined {
  const match =
    /^([\p{L}]+)(?=$|\s*[.,;:!()[\]|"'”’`*~]|\s+[–—-]\s|\s*\d|\s+(?:because|since|as|due|for|but|though|although|and|with|weil|da|car|porque)\b)/u.exec(
      text,
    );
  return match?.[1]?.toLowerCase();
}

function levelIn(text: string): Difficulty | undefined {
  return difficultyWords.get(wordOf(text) ?? '');
}

/** `opus`, `Claude Sonnet 5.5`, `GLM-4.6`, `MiniMax M2`. */
function agentIn(text: string, agentNames: readonly string[]): string | undefined {
  const word = text.toLowerCase().replace(/^(?:the |claude[\s-]+|anthropic )+/, '');
  return agentNames.find((name) => {
    if (!word.startsWith(name.toLowerCase())) return false;
    const rest = word.slice(name.length);
    return /^(?:$|[\s-]*m?\d[\d.]*|\s*[.,;:!()[\]|"'”’`*~/]|\s+[–—-]\s|\s+(?:because|since|as|for|please|if|with|and|or|will|should|would|can|agent|model)\b|\s*$)/.test(
      rest,
    );
  });
}

/** A number of tokens that says so: `50k`, `38.500 Tokens`, or one that is large enough to be nothing else. */
function withUnit(text: string): number | undefined {
  return /^[~≈]?\s*\d[\d,.'’_\s]*(?:k\b|m\b|tokens?\b|thousand)/i.test(text)
    ? parseTokens(text)
    : undefined;
}

function linesOf(passage: Passage): Line[] {
  if (passage.kind === 'row') return rowLines(passage);
  const { text, spans } = passage;
  const lines: Line[] = [];
  let start = 0;
  let next = 0;
  for (const part of text.split('\n')) {
    const end = start + part.length;
    if (part.length > lineLimit) {
      start = end + 1;
      continue;
    }
    let visible = '';
    let struck = '';
    let at = start;
    while ((spans[next]?.end ?? Infinity) <= start) next += 1;
    for (let index = next; (spans[index]?.start ?? Infinity) < end; index += 1) {
      const span = spans[index];
      if (span === undefined) break;
      visible += text.slice(at, Math.max(at, span.start));
      const inside = text.slice(Math.max(span.start, start), Math.min(span.end, end));
      if (span.hidden === 'struck_through') struck += inside;
      // A value may be written as code, but a line of code declares nothing.
      else if (span.hidden === 'code' && /[\p{L}:=|]/u.test(visible)) visible += inside;
      at = Math.min(span.end, end);
    }
    visible += text.slice(at, end);
    lines.push({
      text: visible.trim(),
      heading: passage.kind === 'heading',
      struck: struck.trim(),
    });
    start = end + 1;
  }
  return lines;
}

/** The first cell is the label of the second. */
function rowLines({ text, cells, spans }: Passage): Line[] {
  const [label, value] = cells.slice(0, 2).map((cell) => shownIn(cell, text, spans));
  if (label === undefined || value === undefined || labelOf(label) === undefined) return [];
  return [{ text: `${label}: ${value}`, heading: false, struck: '' }];
}

/** What counts of a cell; code may be a value. */
function shownIn(
  { start, end }: Passage['cells'][number],
  text: string,
  spans: Passage['spans'],
): string {
  if (end - start > lineLimit) return '';
  const parts: string[] = [];
  let at = start;
  for (const span of spans) {
    if (span.start >= end) break;
    if (span.hidden === 'code' || span.start < at) continue;
    parts.push(text.slice(at, span.start), ' ');
    at = span.end;
  }
  parts.push(text.slice(at, end));
  return parts.join('').trim();
}

/** A code span, or the begin of a comment; a `<!--` inside a code span begins none. */
const codeOrComment = /``[^`]*``|`[^`]*`|<!--/g;

/**
 * The lines of a Markdown text outside code fences and HTML comments, each trimmed. A paragraph may be
 * one long line.
 */
function* textLines(body: string): Generator<string> {
  let fence: string | undefined;
  let inComment = false;
  for (const raw of body.split(/\r\n|\r|\n/)) {
    const shown: Shown =
      fence === undefined ? withoutComments(raw, inComment) : { text: raw, open: false };
    const line = shown.text;
    inComment = shown.open;
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined) {
      if (fence === undefined) fence = mark;
      else if (mark.startsWith(fence)) fence = undefined;
      continue;
    }
    if (fence === undefined && line.trim() !== '') yield line.trim();
  }
}

/** What is left of a line without its comments; `open` when the last of them goes on in the next. */
interface Shown {
  readonly text: string;
  readonly open: boolean;
}

function withoutComments(line: string, inComment: boolean): Shown {
  const parts: string[] = [];
  let start = 0;
  let open = inComment;
  for (;;) {
    if (open) {
      const end = line.indexOf('-->', start);
      if (end < 0) return { text: parts.join(''), open };
      start = end + '-->'.length;
    }
    const comment = commentFrom(line, start);
    parts.push(line.slice(start, comment));
    if (comment === undefined) return { text: parts.join(''), open: false };
    start = comment;
    open = true;
  }
}

function commentFrom(line: string, start: number): number | undefined {
  if (!line.includes('<!--', start)) return undefined;
  const search = new RegExp(codeOrComment);
  search.lastIndex = start;
  for (let match = search.exec(line); match !== null; match = search.exec(line))
    if (match[0] === '<!--') return match.index;
  return undefined;
}

function plain(line: string): string {
  return line
    .replace(/^#{1,6}\s+/, '')
    .replace(/^[-*•+]\s+/, '')
    .replace(/^\|\s*|\s*\|$/g, '')
    .replace(/\*\*|__|`/g, '')
    .trim();
}

function keep<K extends keyof Declared>(
  declared: Partial<Record<K, Found<NonNullable<Declared[K]>['value']>>>,
  name: K,
  value: NonNullable<Declared[K]>['value'] | undefined,
  evidence: string,
) {
  if (value === undefined) return;
  const first = declared[name];
  if (first === undefined) declared[name] = { value, evidence };
  else if (first.value !== value) declared[name] = { other: value, ...first };
}

function smallCount(text: string): number | undefined {
  const digits = /^~?\s*(\d{1,4})(?!\d)/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** `46,800 tokens`, `46.8k`, `46 800`, `~50k`, `1.2M`: tokens as an integer; undefined for anything else. */
export function parseTokens(text: string): number | undefined {
  const match =
    /^[~≈]?\s*(\d{1,3}(?:[,.   '’_]\d{3})+(?!\d)|\d+)(?:[.,](\d{1,2}))?(?:\s*(k|m|thousand|million)(?![a-z])|(?!\s*[-–]\s*\d))(?![.,]?\w)(?!\s*(?!tok|context)[a-z]{2,})/i.exec(
      text,
    );
  if (match?.[1] === undefined) return undefined;
  const whole = Number(match[1].replace(/\D/g, ''));
  const fraction = match[2] === undefined ? 0 : Number(`0.${match[2]}`);
  const unit = match[3]?.toLowerCase();
  const factor = unit === undefined ? 1 : /^(?:k|thousand)$/.test(unit) ? 1_000 : 1_000_000;
  const tokens = Math.round((whole + fraction) * factor);
  return tokens > 0 && tokens <= largestEstimate ? tokens : undefined;
}

/** No issue is larger than this many tokens; a number beyond it is a slip of the pen. */
const largestEstimate = 100_000_000;
