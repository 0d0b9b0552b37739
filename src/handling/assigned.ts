import { planWork } from '../planning/plan-work.ts';
import type { Handler } from './handler.ts';

/** The issue is the bot's: read it, estimate it, choose its agent. */
export const handleAssigned: Handler = async (facts, deps, signal) => {
  const codes = await deps.findCodes?.(facts);
  const reading = await deps.read({ ...facts, known: codes }, signal);
  const given = { reading, profiles: deps.agents, labels: facts.labels };
  const plan = planWork(given);
  // Labels have their say in the difficulty, by which finished issues are looked for.
  const history = (await deps.findHistory?.(facts, plan.reading.difficulty.value)) ?? [];
  return { facts, assigned: true, plan: planWork({ ...given, history }), codes };
};
