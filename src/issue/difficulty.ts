export const difficulties = ['low', 'medium', 'high'] as const;
export type Difficulty = (typeof difficulties)[number];
/** What an issue's difficulty may be: nobody has to say it. */
export const issueDifficulties = [...difficulties, 'unknown'] as const;
export type IssueDifficulty = (typeof issueDifficulties)[number];

/** The words for a difficulty, in the languages people write issues in. */
const wordsOfDifficulty: Readonly<Record<Difficulty, string>> = {
  low: 'low easy leicht leichte einfach einfache niedrig gering facile facil fácil faible baja bajo baixa baixo bassa basso makkelijk gemakkelijk eenvoudig laag łatwy łatwa łatwe niski niska lätt låg lett lav let nem helppo kolay snadná snadné nízká könnyű лёгкая лёгкий легкая легкий легко низкая легка низька 简单 容易 低 簡単 쉬움',
  medium:
    'medium moderate mittel mittlere mittelschwer mäßig moyen moyenne modéré modérée media medio média médio moderado moderada moderato moderata gemiddeld matig średni średnia średnie medel medelsvår middels mellem keskitaso orta střední közepes средняя средний средне середня 中等 中 普通 보통',
  high: 'high hard difficult schwer schwere schwierig schwierige hoch hohe difficile élevé élevée dur difícil dificil alta alto moeilijk hoog trudny trudna trudne wysoki wysoka svår svårt hög vanskelig høy svær høj vaikea zor těžká těžké vysoká nehéz сложная сложный сложно трудная трудный высокая складна висока 困难 困難 难 高 難しい 어려움',
};
export const difficultyWords: ReadonlyMap<string, Difficulty> = new Map(
  difficulties.flatMap((value) =>
    wordsOfDifficulty[value].split(' ').map((word) => [word, value] as const),
  ),
);

/** The difficulty of a label such as `difficulty/hard` or `Difficulty: low`; undefined for every other label. */
export function difficultyOfLabel(label: string): Difficulty | undefined {
  const word = /^\s*difficulty\s*[:/]\s*(\w+)\s*$/i.exec(label)?.[1];
  return word === undefined ? undefined : difficultyWords.get(word.toLowerCase());
}
