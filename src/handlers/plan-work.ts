import { assignAgent, type AgentProfile } from '../issue/agents.ts';
import { estimateContext } from '../issue/estimate.ts';
import type { Reading } from '../issue/reading.ts';
import type { PlannedWork } from '../issue/update.ts';

/** What follows from a reading: the estimate and the agent. */
export function planWork(reading: Reading, agents: readonly AgentProfile[]): PlannedWork {
  const estimate = estimateContext(reading);
  return { reading, estimate, assignment: assignAgent(reading, estimate, agents) };
}
