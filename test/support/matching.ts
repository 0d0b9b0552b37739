import { expect } from 'vitest';

/** Vitest types its matchers `any`; these are the ones used inside expected answers. */
export const anyText: unknown = expect.any(String);
export const anyNumber: unknown = expect.any(Number);

export function containing(text: string): unknown {
  return expect.stringContaining(text);
}

export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** An object with these keys, and perhaps others. */
export function including(keys: Record<string, unknown>): unknown {
  return expect.objectContaining(keys);
}
