import { planWork } from '../issue/plan-work.ts';
import type { Handler } from './handler.ts';

/** The issue is the bot's: read it, estimate it, choose its agent. */
export const handleAssigned: Handler = async (facts, deps, signal) => {
  const codes = await deps.findCodes?.(facts);
  const reading = await deps.read({ ...facts, known: codes }, signal);
  const plan = planWork({ reading, profiles: deps.agents, labels: facts.labels });
  return { facts, assigned: true, plan, codes };
};
