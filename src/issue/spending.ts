import { z } from 'zod';

import { thousands } from '../lib/text.ts';

export const budgetUnits = ['tokens', 'usd'] as const;
export type BudgetUnit = (typeof budgetUnits)[number];

/** Bounds of a report: more is a mistake of its sender. */
export const maxSpent = { tokens: 1_000_000_000_000, costUsd: 1_000_000 } as const;

/** What a claim has cost so far, as its worker reports it: a sum since the claim began, over all its sessions. */
export const spentSchema = z.strictObject({
  /** Input, cache reads and writes included, and output of every answer. */
  tokens: z.int().min(0).max(maxSpent.tokens).optional(),
  costUsd: z.number().min(0).max(maxSpent.costUsd).optional(),
});
export type Spent = Readonly<z.infer<typeof spentSchema>>;

/** Share of a budget from which people are warned. */
export const nearlyUsedShare = 0.8;
export const nearlyUsed = `${nearlyUsedShare * 100} %`;

/** An amount in words: `1,200 tokens`, `$0.50`. */
export function amount(unit: BudgetUnit, value: number): string {
  return unit === 'tokens' ? `${thousands(value)} tokens` : `$${value.toFixed(2)}`;
}
