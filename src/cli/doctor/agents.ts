import type { ExaminedConfig } from '../../config.ts';
import type { DoctorFinding } from './finding.ts';

/** The agents that can get issues. */
export function agentsFinding({ agents }: ExaminedConfig, fromFile: boolean): DoctorFinding {
  const name = 'agents';
  if (agents === undefined)
    return { name, mark: 'skipped', text: 'AGENTS_FILE is invalid; see configuration.' };
  const enabled = agents.agents.filter((agent) => agent.enabled).map((agent) => agent.name);
  const from = fromFile ? 'from AGENTS_FILE' : 'built in';
  if (enabled.length === 0)
    return {
      name,
      mark: 'warning',
      text: `No agent is enabled (${from}), so no issue can be assigned to an agent.`,
      cure: 'Enable an agent in the file that AGENTS_FILE names.',
    };
  return { name, mark: 'ok', text: `${enabled.join(', ')} (${from}).` };
}
