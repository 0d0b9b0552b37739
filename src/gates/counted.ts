/** `1 file`, `2 files`; a word of its own for more than one when `s` does not do. */
export function counted(count: number, word: string, words = `${word}s`): string {
  return `${count} ${count === 1 ? word : words}`;
}
