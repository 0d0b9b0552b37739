import { z } from 'zod';

/** What an agent shall do about its context window, in the order of urgency. */
export const contextActions = ['continue', 'compact', 'rotate'] as const;
export type ContextAction = (typeof contextActions)[number];

const sampleSchema = z.object({
  at: z.number(),
  used: z.number(),
  limit: z.number(),
  action: z.enum(contextActions),
  crossed: z.boolean(),
});

/** The state of one agent's monitor as plain JSON, to be kept with its claim. */
export const monitorStateSchema = z.object({
  /** The most urgent action the agent was told and that is not armed again. */
  told: z.enum(contextActions),
  /** When an action was told last, epoch milliseconds. */
  toldAt: z.number().nullable(),
  lastReportAt: z.number().nullable(),
  /** Most tokens ever in the window. */
  peak: z.number(),
  /** Tokens that ever entered the window: the sum of its rises, so that a compaction hides nothing. */
  total: z.number(),
  /** What was reported, oldest first, each figure once; thinned out, yet over the whole claim. */
  history: z.array(sampleSchema).readonly(),
});
export type MonitorState = Readonly<z.infer<typeof monitorStateSchema>>;

/** Missed reports after which an agent counts as silent: one can be lost, two can be late. */
const staleAfterIntervals = 3;

/** Whether an agent has said nothing about its context for 3 intervals; `since`: its last report, or its start. */
export function isStale(time: {
  readonly since: number;
  readonly now: number;
  readonly intervalMs: number;
}): boolean {
  return time.now - time.since >= staleAfterIntervals * time.intervalMs;
}
