import { z } from 'zod';

import type { Estimate } from './estimate.ts';
import type { Reading, Source, Warning } from './reading.ts';
import type { Reason, State } from './state.ts';

/** One end of a dependency as a plan shows it. */
export interface PlanEdge {
  readonly ref: string;
  readonly state: 'open' | 'closed' | 'unknown';
  readonly source: Source;
  readonly evidence: string;
}

/** The agent chosen, or why none fits. */
export const chosenAgentSchema = z.object({
  agent: z.string().nullable(),
  reason: z.object({ code: z.string(), text: z.string() }),
});
export type ChosenAgent = Readonly<z.infer<typeof chosenAgentSchema>>;

/** All that is known and decided about one issue, as the API and the command line give it. */
export interface Plan {
  readonly ref: string;
  readonly repositoryId: number;
  readonly number: number;
  readonly title: string;
  readonly url: string;
  readonly open: boolean;
  readonly state: State;
  readonly reason: Reason;
  readonly reading: Omit<Reading, 'dependencies' | 'warnings'> | null;
  readonly blockedBy: readonly PlanEdge[];
  readonly blocks: readonly PlanEdge[];
  readonly estimate: Estimate | null;
  readonly assignment: ChosenAgent | null;
  readonly warnings: readonly Warning[];
  /** ISO 8601, UTC: when anything above last changed. */
  readonly updatedAt: string;
}

/** The page of an issue below the configured base URL; never a URL from a payload. */
export function issueUrl(giteaUrl: string, repository: string, number: number): string {
  const path = repository.split('/').map(encodeURIComponent).join('/');
  return `${giteaUrl}/${path}/issues/${number}`;
}
