import type { Handler } from './handler.ts';
import { planWork } from './plan-work.ts';

/**
 * An issue of the bot was closed: it is done, and what waited for it is decided anew. Its plan is made
 * from what is known already, so that a closed issue costs no call and the end state is the same whether
 * its text was read before or not.
 */
export const handleClosed: Handler = async (facts, deps) => {
  const reading = await deps.recall(facts);
  return { facts, assigned: true, plan: planWork(reading, deps.agents) };
};
