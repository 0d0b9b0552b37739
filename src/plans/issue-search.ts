import type { Database } from '../db/database.ts';
import { parseRef } from '../issue/ref.ts';
import { findRepositoryId } from './repository-names.ts';

/** What a person looks for: a number (of one repository or of any), words of the title, or either of both. */
export interface IssueSearch {
  readonly number: number | undefined;
  /** -1: a repository that is not known. */
  readonly repositoryId: number | undefined;
  /** All of them are in the title. */
  readonly words: readonly string[];
}

/** Longest text that is looked for, and words of it that count. */
export const maxSearchLength = 200;
const maxWords = 6;

/** Reads `#12`, `12`, `acme/orbit#12`, or words; undefined for nothing. */
export async function readSearch(db: Database, text: string): Promise<IssueSearch | undefined> {
  const asked = text.trim().slice(0, maxSearchLength);
  if (asked === '') return undefined;
  const ref = parseRef(asked);
  if (ref !== undefined) {
    const repositoryId = (await findRepositoryId(db, ref.repository)) ?? -1;
    return { number: ref.number, repositoryId, words: [] };
  }
  const digits = /^(#?)([1-9]\d{0,14})$/.exec(asked);
  const words = asked.split(/\s+/).slice(0, maxWords);
  if (digits === null) return { number: undefined, repositoryId: undefined, words };
  const number = Number(digits[2]);
  return { number, repositoryId: undefined, words: digits[1] === '#' ? [] : words };
}
