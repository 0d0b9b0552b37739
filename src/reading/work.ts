/** Thrown while a text is read that takes more steps than are allowed. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/**
 * Limit of the steps that one text may take: attempts of the Markdown parser, characters of the
 * sentences that the grammar searches, and their references. The dearest text of a million characters that is
 * known takes half of it. Steps
 * are counted, not seconds: a text is readable or not, however busy the machine is.
 */
export const workLimit = 20_000_000;

/** Counts the steps of reading one text, and ends it with `TooMuchWork` beyond the limit. */
export class Work {
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooMuchWork('The text takes too many steps to be read.');
  }

  left(): number {
    return this.#left;
  }
}
