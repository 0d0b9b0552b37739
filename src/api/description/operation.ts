import type { z } from 'zod';

import type { DescribedError } from './errors.ts';

/** An answer as it is described. */
export interface Answer {
  /** When it comes, in one sentence. */
  readonly says: string;
  readonly shape: z.ZodType;
  /** Type of its content; JSON without it. */
  readonly type?: string;
}

/** What the description of the API says of a route, beside what its schemas and its roles say. */
export interface Operation {
  /** Name of the function in a client that is made of the description; unique. */
  readonly id: string;
  readonly group: Group;
  readonly summary: string;
  /** What else has to be known, in sentences. */
  readonly more?: string;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Errors that this route has, beside those that all have. */
  readonly errors?: readonly DescribedError[];
}

/** The groups of routes, in order. */
export const groups = {
  Issues: 'Plans of issues, and why they are as they are.',
  Queue: 'What is next, and what waits for what.',
  Claims: 'For workers: an issue from its claim to its end.',
  Verifications: 'What was verified, and with which findings.',
  Verifiers: 'For verifiers: a verification from its lease to its verdict.',
  Pauses: 'For operators: whether issues are handed out.',
  Deliveries: 'For operators: the deliveries that came, and once more.',
  Service: 'The service itself: its health, its numbers, and where Gitea delivers.',
} as const satisfies Readonly<Record<string, string>>;
export type Group = keyof typeof groups;
