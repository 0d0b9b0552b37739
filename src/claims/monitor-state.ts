import { z } from 'zod';

/** Actions an agent may have to take on its context window, from the least to the most urgent. */
export const contextActions = ['continue', 'compact', 'rotate'] as const;
export type ContextAction = (typeof contextActions)[number];

const sampleSchema = z.object({
  at: z.number(),
  used: z.number(),
  limit: z.number(),
  action: z.enum(contextActions),
  crossed: z.boolean(),
});

/** State of the monitor of one agent as plain JSON, stored with its claim. */
export const monitorStateSchema = z.object({
  /** Most urgent action announced to the agent and not armed again since. */
  announced: z.enum(contextActions),
  /** Time of the last announcement, epoch milliseconds. */
  announcedAt: z.number().nullable(),
  lastReportAt: z.number().nullable(),
  /** Maximum of the tokens in the window. */
  peak: z.number(),
  /** Tokens that ever entered the window: the sum of all rises, so that a compaction hides nothing. */
  total: z.number(),
  /** A window that a session stated, though more tokens were in it: what the session states is no use. */
  understated: z
    .object({ limit: z.number(), session: z.string().nullable() })
    .nullable()
    .default(null),
  /** Reports, oldest first, without repetitions; thinned out, but from the first to the last of the claim. */
  history: z.array(sampleSchema).readonly(),
});
export type MonitorState = Readonly<z.infer<typeof monitorStateSchema>>;

/** Missed reports after which an agent is stale: one can be lost, two can be late. */
const staleAfterIntervals = 3;

/** True when an agent has not reported its context for 3 intervals; `since` is its last report or its start. */
export function isStale({
  since,
  now,
  intervalMs,
}: Record<'since' | 'now' | 'intervalMs', number>): boolean {
  // A clock that was set back hides no silence.
  return Math.abs(now - since) >= staleAfterIntervals * intervalMs;
}
