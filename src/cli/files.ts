import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { getSystemErrorMessage } from 'node:util';

import { CoordinatorError, describeError } from '../errors.ts';

/** The text of a file, or of standard input for `-`; throws an error with a sentence for people. */
export async function readInput(file: string): Promise<string> {
  const name = file === '-' ? 'standard input' : file;
  // Piped input may arrive later, and a synchronous read of it would fail.
  const bytes =
    file === '-'
      ? await buffer(process.stdin)
      : attempt('input_unreadable', `Cannot read ${name}`, () => readFileSync(file));
  const text = decode(bytes);
  if (text === undefined)
    throw new CoordinatorError('input_unreadable', `Cannot read ${name}: it is not UTF-8 text.`);
  return text;
}

function decode(bytes: Buffer): string | undefined {
  // UTF-16 is valid UTF-8 with many zeros in it.
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Runs `act`; its error becomes `words` and the message of the operating system. */
export function attempt<T>(code: string, words: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const message = `${words}: ${reasonOf(error)}.`;
    throw new CoordinatorError(code, message, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number'
    ? getSystemErrorMessage(error.errno)
    : describeError(error);
}
