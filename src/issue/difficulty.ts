import { difficulties, type Difficulty } from './reading.ts';

/** The words for a difficulty: the template says low to high, the original parser easy to hard. */
export const difficultyWords: ReadonlyMap<string, Difficulty> = new Map([
  ...difficulties.map((word) => [word, word] as const),
  ['easy', 'low'],
  ['moderate', 'medium'],
  ['hard', 'high'],
]);

/** What a label such as `difficulty/hard` or `Difficulty: low` says; undefined for every other label. */
export function difficultyOfLabel(label: string): Difficulty | undefined {
  const word = /^\s*difficulty\s*[:/]\s*(\w+)\s*$/i.exec(label)?.[1];
  return word === undefined ? undefined : difficultyWords.get(word.toLowerCase());
}
