import { z } from 'zod';

import { errorBody } from '../api/errors.ts';
import { CoordinatorError } from '../errors.ts';
import type { Logger } from '../log.ts';

/** An answer of a tool: JSON as text. */
export interface ToolAnswer {
  [key: string]: unknown;
  content: { type: 'text'; text: string }[];
  isError?: boolean;
}

/** Longest answer in bytes: below 8,000 tokens, at three bytes a token; a letter of Chinese is as long. */
const maxAnswer = 24_000;

/** JSON of an answer, cut at its end when it is too long for the context of an agent. */
export function answered(value: unknown, isError = false): ToolAnswer {
  const json = JSON.stringify(value);
  const bytes = Buffer.from(json);
  const cut = `… [cut: ${bytes.length} bytes, only the first ${maxAnswer} are here]`;
  // A stream keeps half a character back.
  const kept = () => new TextDecoder().decode(bytes.subarray(0, maxAnswer), { stream: true });
  const text = bytes.length <= maxAnswer ? json : kept() + cut;
  return { content: [{ type: 'text', text }], ...(isError ? { isError } : {}) };
}

/** An error that was thrown, as an answer; what is not for the caller is in the log. */
export function refusedBy(error: unknown, log: Logger): ToolAnswer {
  if (error instanceof CoordinatorError)
    return answered(errorBody(error.code, error.message), true);
  if (error instanceof z.ZodError) {
    const message = error.issues.map(({ path, message: text }) => `${path.join('.')} ${text}`);
    return answered(errorBody('invalid_request', message.join(', ')), true);
  }
  log.error({ err: error }, 'a tool failed');
  return answered(errorBody('internal', 'Something went wrong; the log says what.'), true);
}
