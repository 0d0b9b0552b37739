import { z } from 'zod';

import type { Plan } from '../issue/plan.ts';
import type { HandedOut } from './claim.ts';

/** A claim's answer as it is kept for retries: without the token, which is derived anew. */
export type KeptClaim = Omit<HandedOut, 'token'>;

/** Written by this program and given back as it was. */
export const keptClaimSchema = z.custom<KeptClaim>(
  (value) => z.object({ claimId: z.string(), plan: z.custom<Plan>() }).safeParse(value).success,
);

export const keptEndSchema = z.object({
  claimId: z.string(),
  outcome: z.enum(['released', 'blocked', 'completed']),
  endedAt: z.string(),
});
/** How a claim ended, as its worker is told. */
export type KeptEnd = Readonly<z.infer<typeof keptEndSchema>>;
