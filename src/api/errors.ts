import { accountOf, type AgentProfile } from '../planning/agent-profiles.ts';

/** Body of every refusal of the API: a stable code for programs, a sentence for people. */
export function errorBody(code: string, message: string) {
  return { error: { code, message } };
}

export function notFound(message: string) {
  return errorBody('not_found', message);
}

export function unknownAgent(agents: readonly AgentProfile[]) {
  const names = agents.map(({ name }) => name).join(', ');
  const message = `There is no agent of that name; the profiles in force are ${names}.`;
  return errorBody('unknown_agent', message);
}

export function unknownAccount(agents: readonly AgentProfile[]) {
  const accounts = new Set(agents.map(({ name }) => accountOf(agents, name)));
  const message = `No agent has an account of that name; those of the profiles in force are ${[...accounts].join(', ')}.`;
  return errorBody('unknown_account', message);
}
