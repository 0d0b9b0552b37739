import { difficultyWords } from '../../issue/difficulty.ts';
import type { Difficulty } from '../../issue/difficulty.ts';
import { documentationLevels, levels } from '../../issue/factors.ts';

/** A value that the text declares, with the line it stands in. */
export interface DeclaredValue<T> {
  readonly value: T;
  readonly evidence: string;
  /** A different value that the text declares further down. */
  readonly other?: T;
}

/** The values a text declares for its issue. A missing or unreadable one is absent. */
export interface Declarations {
  total?: DeclaredValue<number>;
  agent?: DeclaredValue<string>;
  difficulty?: DeclaredValue<Difficulty>;
  files?: DeclaredValue<number>;
  complexity?: DeclaredValue<(typeof levels)[number]>;
  tests?: DeclaredValue<(typeof levels)[number]>;
  docs?: DeclaredValue<(typeof documentationLevels)[number]>;
}

export type DeclarationName = keyof Declarations;

/** The words behind a label. */
interface RawValue {
  readonly value: string;
  readonly evidence: string;
  readonly loose: boolean;
  readonly agentNames: readonly string[];
}

/** Keeps the value that the words behind a label hold, if they hold one: the first of each kind counts. */
export function keepValue(
  declared: Declarations,
  name: DeclarationName,
  { value, evidence, loose, agentNames }: RawValue,
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

/** The first word, if it stands alone: not `low-hanging`, not `medium/high`, not `hard to say`. */
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

/** A number of tokens with its unit: `50k`, `38.500 Tokens`. */
function withUnit(text: string): number | undefined {
  return /^[~≈]?\s*\d[\d,.'’_\s]*(?:k\b|m\b|tokens?\b|thousand)/i.test(text)
    ? parseTokens(text)
    : undefined;
}

function keep<K extends keyof Declarations>(
  declared: Partial<Record<K, DeclaredValue<NonNullable<Declarations[K]>['value']>>>,
  name: K,
  value: NonNullable<Declarations[K]>['value'] | undefined,
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
  return tokens > 0 && tokens <= maxTokens ? tokens : undefined;
}

/** Maximum size of an issue in tokens; a larger number is a slip of the pen. */
const maxTokens = 100_000_000;
