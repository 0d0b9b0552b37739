import { assignAgent } from '../issue/agents.ts';
import { estimateContext } from '../issue/estimate.ts';
import type { Handler } from './handler.ts';

/** The issue is the bot's: read it, estimate it, choose its agent. */
export const handleAssigned: Handler = async (facts, deps, signal) => {
  const reading = await deps.read(facts, signal);
  const estimate = estimateContext(reading);
  const assignment = assignAgent(reading, estimate, deps.agents);
  return { facts, assigned: true, plan: { reading, estimate, assignment } };
};
