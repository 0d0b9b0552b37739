import { instructions } from './grammar.ts';

/** Long passages are looked through up to here for words addressed to the program. */
const lookedAt = 20_000;

/** No instruction is shorter. */
const shortest = 8;

/** True when a passage talks to the program that reads it: then it says nothing about the issue. */
export function isInstruction(text: string): boolean {
  if (text.length < shortest) return false;
  const plain = text.slice(0, lookedAt).toLowerCase();
  return plain.split(/\n|(?<=[.!?])\s/).some((sentence) => {
    const start = sentence.slice(0, 1_000);
    return instructions.some((pattern) => pattern.test(start));
  });
}
