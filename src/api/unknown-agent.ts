import type { AgentProfile } from '../planning/agent-profiles.ts';

/** The answer to a name that no profile has. */
export function unknownAgent(agents: readonly AgentProfile[]) {
  const names = agents.map(({ name }) => name).join(', ');
  const message = `There is no agent of that name; the profiles in force are ${names}.`;
  return { error: { code: 'unknown_agent', message } };
}
