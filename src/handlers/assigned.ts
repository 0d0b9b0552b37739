import type { Handler } from './handler.ts';
import { planWork } from './plan-work.ts';

/** The issue is the bot's: read it, estimate it, choose its agent. */
export const handleAssigned: Handler = async (facts, deps, signal) => {
  const reading = await deps.read(facts, signal);
  return { facts, assigned: true, plan: planWork(reading, deps.agents) };
};
