import { z } from 'zod';

/**
 * A reason or a warning is a stable code with the values its sentence needs; `P` maps each code to its
 * values. Nothing stores or passes on a sentence: the table of its audience makes it, see `render`.
 */
export type Coded<P, C extends keyof P = keyof P> = {
  readonly [K in C]: { readonly code: K; readonly params: P[K] };
}[C];

/** Schema of one code with its params. */
export function coded<C extends string, P extends z.ZodRawShape>(code: C, params: P) {
  return z.object({ code: z.literal(code), params: z.object(params) });
}

/** Maps each code of a schema's union to its params. */
export type ParamsOf<R extends { readonly code: string; readonly params: unknown }> = {
  [Each in R as Each['code']]: Each['params'];
};

/** One sentence, or what else an audience is told, for each code. */
export type Sentences<P, T = string> = { readonly [K in keyof P]: (params: P[K]) => T };

export function render<P, C extends keyof P, T>(
  sentences: Sentences<P, T>,
  { code, params }: Coded<P, C>,
): T {
  const sentence: (params: P[C]) => T = sentences[code];
  return sentence(params);
}

/** A reason or a warning as the API and the command line give it. */
export interface CodedSentence {
  readonly code: string;
  readonly text: string;
}
